// Input: one byte that says what the rest is: the bytes of one file of an audit log (current, closed,
// compressed), or edits of a log that the gateway wrote: offset 2, bytes taken away 1, bytes put there 1, and
// those.
//
// Laws: hostile bytes give a verdict or an exception with words, the same when read again; what is read of a
// record lies in its line; against a witness of its last record no edit goes unnoticed: a log without fault
// still has every line of the original.
#include <filesystem>
#include <fstream>

#include "proxy/audit_json.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/audit_verify.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/scratch_file.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

constexpr std::string_view closed_name = ".00000000000000000001";

struct Written {
  std::vector<std::string> lines;  // with their LF
  std::string all;
  gate::Witness last;
};

/// A log of a few records, sealed as the gateway does.
const Written& written() {
  static const Written log = [] {
    Written made;
    gate::Sha256 sha256;
    gate::HexDigest prev = gate::chain_start;
    for (std::uint64_t seq = 1; seq <= 8; ++seq) {
      gate::AuditEvent event;
      event.time = std::chrono::system_clock::time_point{std::chrono::seconds{1'790'000'000 + seq}};
      event.action = gate::Action::block;
      event.reason = "offer";
      event.rule = "default";
      event.user = "ann@corp.example";
      event.peers = {"bob@example.org"};
      event.file = gate::AuditEvent::File{{"plan \"" + std::to_string(seq) + "\".doc"}, seq * 1000};
      std::string line = to_json_line(event, seq, {});
      prev = gate::seal(line, prev, sha256);
      made.all += line;
      made.lines.push_back(line);
      made.last = {seq, prev};
    }
    return made;
  }();
  return log;
}

std::string edited(Script& script) {
  std::string text = written().all;
  while (!script.at_end()) {
    const std::size_t at = script.two_bytes() % (text.size() + 1);
    const std::size_t gone = script.byte();
    const std::size_t put = script.byte();
    text.replace(at, std::min(gone, text.size() - at), script.take(put));
  }
  return text;
}

struct Files {
  ScratchFile current{"audit.jsonl"};
  std::filesystem::path log = current.write({});
};

std::string said_of(const std::filesystem::path& log, const std::vector<gate::Witness>& witnesses,
                    bool& fine) {
  fine = false;
  try {
    const gate::AuditVerdict verdict = gate::verify_audit(log, nullptr, witnesses);
    fine = !verdict.fault && !verdict.beginning_removed;  // which is told, and without a key no fault
    if (!verdict.fault) return std::to_string(verdict.last);
    std::string words = to_string(*verdict.fault);
    law(!verdict.fault->what.empty() && words.find('\n') == std::string::npos, "a fault is one line");
    return words;
  } catch (const BrokenLaw&) {
    throw;
  } catch (const std::exception& fault) {
    law(fault.what() != std::string(), "what cannot be read is told in words");
    return fault.what();
  }
}

void read_all(const std::filesystem::path& log) {
  try {
    const gate::AuditReader reader(log);
    reader.each({}, [](const gate::AuditRecord& record) {
      for (const std::string_view value : record.values) {
        law(value.empty() || (value.data() >= record.line.data() &&
                              value.data() + value.size() <= record.line.data() + record.line.size()),
            "a value lies in its line");
        (void)gate::text_of_json(value);
      }
      return true;
    });
  } catch (const BrokenLaw&) {
    throw;
  } catch (const std::exception& fault) {
    law(fault.what() != std::string(), "what cannot be read is told in words");
  }
}

void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace

int audit_fuzz(const std::uint8_t* data, std::size_t size) {
  static const Files files;
  Script script(data, size);
  const std::uint8_t part = script.byte() % 4;
  const std::filesystem::path closed = files.log.string() + std::string(closed_name);
  const std::filesystem::path compressed = closed.string() + ".zst";
  std::error_code ignored;
  std::filesystem::remove(closed, ignored);
  std::filesystem::remove(compressed, ignored);
  put(files.log, {});
  std::string text(script.rest());
  if (part == 3) text = edited(script);
  put(part == 1 ? closed : part == 2 ? compressed : files.log, text);

  std::vector<gate::Witness> witnesses;
  if (part == 3) witnesses.push_back(written().last);
  bool fine = false;
  const std::string said = said_of(files.log, witnesses, fine);
  bool again = false;
  law(said_of(files.log, witnesses, again) == said && again == fine, "a log is judged the same twice");
  if (part == 3 && fine) {
    for (const std::string& line : written().lines) {
      law(text.find(line.substr(0, line.size() - 1)) != std::string::npos,
          "no edit goes unnoticed: every line is there");
    }
  }
  if (part == 3 && text == written().all)
    law(fine, ("a log as it was written has no fault: " + said).c_str());
  read_all(files.log);
  return 0;
}

}  // namespace fuzz
