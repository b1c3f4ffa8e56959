#include "proxy/audit_verify.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <stdexcept>

#include "proxy/audit_checkpoint.hpp"
#include "proxy/audit_record.hpp"
#include "proxy/audit_segments.hpp"

namespace gate {
namespace {

std::string range_of(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "record " + std::to_string(first);
  return "records " + std::to_string(first) + " to " + std::to_string(last);
}

std::uint64_t number_of(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Follows the chain line by line.
class Verification {
 public:
  Verification(const SigningKey* key, const std::vector<Witness>& witnesses) : key_(key) {
    for (const Witness& witness : witnesses) witnesses_[witness.seq].push_back(witness.hash);
  }

  void begin_segment(const AuditSegment& segment) {
    ++verdict_.segments;
    segment_ = &segment;
    line_ = 0;
  }

  /// One line, without its LF. After a fault only to say more about that.
  void take(std::string_view line, bool whole) {
    ++line_;
    if (verdict_.fault) return explain(line);
    const auto record = record_of(line);
    const auto links = record ? links_of(line) : std::nullopt;
    if (!links) return take_no_record(line, whole);
    if (!whole) return fail(record->seq, "the line has no end: cut off, or torn by a crash");
    if (hash_of(*links, sha256_) != links->hash) {
      return fail(record->seq, "the record was changed: it is not what its hash says");
    }
    const bool first = verdict_.first == 0;
    if (first && record->seq > 1) beginning_ = {record->seq, std::string(text_of(links->prev))};
    if (!first && record->seq != verdict_.last + 1) return wrong_number(record->seq);
    if (first ? record->seq == 1 && links->prev != chain_start : links->prev != verdict_.hash) {
      return fail(record->seq,
                  "the record was inserted or exchanged, or the one before it was: they do not fit together");
    }
    accept(*record, *links);
  }

  AuditVerdict finish() {
    if (!verdict_.fault && pending_torn_) tell_torn();
    if (!verdict_.fault) check_beginning();
    if (!verdict_.fault) check_end();
    return std::move(verdict_);
  }

 private:
  void accept(const AuditRecord& record, const Links& links) {
    if (pending_torn_) ++verdict_.torn;  // the chain goes on behind it: nobody was told that it was written
    pending_torn_ = false;
    if (verdict_.first == 0) verdict_.first = record.seq;
    verdict_.last = record.seq;
    verdict_.hash = links.hash;
    verdict_.last_time = record[AuditKey::time];
    if (record[AuditKey::event] == "checkpoint") take_checkpoint(record);
    if (verdict_.fault) return;
    const auto known = witnesses_.find(record.seq);
    if (known == witnesses_.end()) return;
    for (const HexDigest& hash : known->second) {
      if (hash != links.hash) {
        return fail(record.seq, "the record is not the one that was seen elsewhere, with hash " +
                                    std::string(text_of(hash)) + ": the log was written anew up to here");
      }
    }
    witnesses_.erase(known);
  }

  void take_checkpoint(const AuditRecord& record) {
    ++verdict_.checkpoints;
    if (key_ == nullptr) return;
    const std::string_view id = record.member(AuditKey::checkpoint, "key");
    if (id != key_->id()) {
      return fail(record.seq, "the checkpoint is signed with another key, " + text_of_json(id) +
                                  ", and not with " + key_->id() +
                                  ": the log was written anew, or the key was");
    }
    if (!signed_by(*key_, record)) {
      return fail(record.seq,
                  "the signature of the checkpoint is wrong: the log was written anew up to here");
    }
    verdict_.signed_to = record.seq;
    verdict_.signed_time = record[AuditKey::time];
    const std::uint64_t oldest = number_of(record.member(AuditKey::checkpoint, "oldest_seq"));
    if (oldest != 0) removals_[oldest] = record.member(AuditKey::checkpoint, "oldest_prev");
  }

  void take_no_record(std::string_view line, bool whole) {
    if (pending_torn_) return tell_torn();
    torn_at_ = {segment_->path, line_, verdict_.last + 1,
                whole ? "the line is no record: cut off, or not written by msnpgate"
                      : "the last line has no end: cut off, or torn by a crash (the next start removes it)"};
    // A line that a crash tore, where nothing can be cut off, is a beginning without an end.
    pending_torn_ = line.starts_with(R"({"time":")") && !line.ends_with('}');
    if (!pending_torn_) verdict_.fault = torn_at_;
  }

  void tell_torn() { verdict_.fault = torn_at_; }

  void wrong_number(std::uint64_t seq) {
    if (pending_torn_) return tell_torn();
    const std::uint64_t expected = verdict_.last + 1;
    if (seq < expected) {
      return fail(seq, "the record stands behind " + range_of(expected - 1, expected - 1) +
                           ": inserted, or out of order");
    }
    missing_first_ = expected;
    const bool whole_segment = line_ == 1;
    fail(seq, range_of(expected, seq - 1) + (seq - expected == 1 ? " is" : " are") + " missing before it" +
                  (whole_segment ? ": a segment was removed" : ""));
  }

  void explain(std::string_view line) {
    if (missing_first_ == 0) return;
    const auto record = record_of(line);
    if (!record || record->seq != missing_first_) return;
    verdict_.fault->what += "; it stands in line " + std::to_string(line_) + " of " +
                            segment_->path.filename().string() + ": out of order";
    missing_first_ = 0;
  }

  void check_beginning() {
    if (verdict_.first <= 1) return;
    verdict_.beginning_removed = true;
    if (key_ == nullptr) return;
    const auto removal = removals_.find(verdict_.first);
    if (removal != removals_.end() && removal->second == beginning_.prev) return;
    verdict_.fault = {{},
                      0,
                      verdict_.first,
                      range_of(1, verdict_.first - 1) +
                          " are missing at the beginning, and no signed checkpoint says "
                          "that they were removed on purpose: a segment was removed"};
  }

  void check_end() {
    if (witnesses_.empty()) return;
    const std::uint64_t seq = witnesses_.rbegin()->first;
    if (seq > verdict_.last) {
      verdict_.fault = {{},
                        0,
                        verdict_.last,
                        "the log ends here, but record " + std::to_string(seq) +
                            " was seen elsewhere: its end was removed"};
    }
    // A witness older than the log was removed with its segment.
  }

  void fail(std::uint64_t seq, std::string what) {
    verdict_.fault = {segment_->path, line_, seq, std::move(what)};
  }

  const SigningKey* key_;
  std::map<std::uint64_t, std::vector<HexDigest>> witnesses_;
  std::map<std::uint64_t, std::string> removals_;  // oldest kept record and its prev, as signed
  Sha256 sha256_;
  AuditVerdict verdict_;
  const AuditSegment* segment_ = nullptr;
  std::uint64_t line_ = 0;
  OldestKept beginning_;
  bool pending_torn_ = false;
  AuditFault torn_at_;
  std::uint64_t missing_first_ = 0;
};

std::optional<HexDigest> digest_of(std::string_view text) {
  HexDigest digest{};
  if (text.size() != digest.size() || bytes_of_hex(text).empty()) return std::nullopt;
  std::copy(text.begin(), text.end(), digest.begin());
  return digest;
}

}  // namespace

std::vector<Witness> witnesses_of(const std::string& text) {
  std::vector<Witness> witnesses;
  const std::size_t colon = text.find(':');
  const auto digest =
      colon == std::string::npos ? std::nullopt : digest_of(std::string_view(text).substr(colon + 1));
  if (digest && colon > 0 && text.find_first_not_of("0123456789") == colon) {
    witnesses.push_back({number_of(text), *digest});
    return witnesses;
  }
  std::ifstream file(text, std::ios::binary);
  if (!file) throw std::runtime_error(text + ": is neither SEQ:HASH nor a file that can be read");
  for (std::string line; std::getline(file, line);) {
    const std::size_t start = line.find(R"({"time":")");
    if (start == std::string::npos) continue;
    const std::string_view json = std::string_view(line).substr(start);
    const auto record = record_of(json);
    const auto links = record ? links_of(json) : std::nullopt;
    if (links) witnesses.push_back({record->seq, links->hash});
  }
  if (witnesses.empty()) throw std::runtime_error(text + ": has no record in it");
  return witnesses;
}

std::string to_string(const AuditFault& fault) {
  std::string text;
  if (!fault.file.empty()) text += fault.file.string() + ':';
  if (fault.line != 0) text += std::to_string(fault.line) + ':';
  if (!text.empty()) text += ' ';
  if (fault.seq != 0) text += "record " + std::to_string(fault.seq) + ": ";
  return text + fault.what;
}

AuditVerdict verify_audit(const std::filesystem::path& log, const SigningKey* key,
                          const std::vector<Witness>& witnesses) {
  const std::vector<AuditSegment> segments = segments_of(log);
  if (segments.empty()) throw std::runtime_error(log.string() + ": there is no audit log");
  const std::vector<AuditChunk> chunks = chunks_of(segments);
  Verification verification(key, witnesses);
  const AuditSegment* present = nullptr;
  std::string lines;
  for (const AuditChunk& chunk : chunks) {
    const AuditSegment& segment = segments[chunk.segment];
    if (&segment != present) verification.begin_segment(segment);
    present = &segment;
    read_chunk(segment, chunk, lines);
    std::string_view rest = lines;
    while (!rest.empty()) {
      const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
      const std::string_view line = rest.substr(0, size);
      verification.take(line.ends_with('\n') ? line.substr(0, size - 1) : line, line.ends_with('\n'));
      rest.remove_prefix(size);
    }
  }
  return verification.finish();
}

}  // namespace gate
