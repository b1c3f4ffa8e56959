#!/usr/bin/env python3
"""What the commands that ask a running gateway say, and what the gateway's own words carry for the journal.

usage: commands_test.py [MSNPGATE [WORD...]]
"""
import pathlib
import socket
import subprocess
import sys
import tempfile

from conversation_steps import TO_CLIENT, classic, message
from loopback import BINARY, Gateway, eventually, in_thread, is_closed, listening, main, pair, rule


@rule
def status_says_what_is_wrong_who_is_there_and_who_wanted_to_send_what():
    export = '[[audit.export]]\nto = "syslog-tcp"\naddress = "127.0.0.1:1"\n'
    with listening() as server, Gateway(server.getsockname()[1], policy=export) as gateway:
        pairs = [pair(gateway, server) for _ in range(25)]
        client, upstream = pairs[0]
        upstream.sendall(b"JOI ben@agency.example Ben\r\n" + message(TO_CLIENT, classic(b"plan.doc", 4711)))
        answer = b""
        while b"Cancel-Code: REJECT" not in answer:
            answer += upstream.recv(65536)
        with gateway.connect() as stranger:
            stranger.sendall(b"SSH-2.0-nobody\r\n")
            assert is_closed(stranger)
        config = pathlib.Path(gateway.directory.name) / "gateway.toml"

        def told():
            return subprocess.run([BINARY, "status", "-c", config], capture_output=True, text=True, check=True).stdout
        eventually(lambda: "refused" in told(), "the collector is known not to answer")
        said = told()
        for words in ("export     syslog-tcp", "NOT CONNECTED", "not-msnp", "plan.doc", "from  ben@agency.example", "  and 1"):
            assert words in said, (words, said)


@rule
def a_command_says_in_words_what_it_was_answered():
    ok = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s"
    answers = {
        b"": "hung up",
        b"nonsense\r\n\r\n": "admin.sock: ",
        ok % (500, 0, b""): "the gateway answered 500",
        ok % (500, 4, b"[1]\n"): "the gateway answered 500",
        ok % (422, 18, b'{"error":"not so"}'): "not so",
        ok % (422, 36, b'{"errors":["line one",5],"error":"b"}'[:36]): "the gateway answered 422",
        ok % (422, 37, b'{"errors":["line one",5],"error":"b"}'): "line one\nmsnpgate: b",
        ok % (422, 24, b'{"errors":7,"error":"c"}'): "msnpgate: c",
    }
    with tempfile.TemporaryDirectory(prefix="msnpgate-e2e-") as folder:
        path = f"{folder}/admin.sock"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()

            def answer(text):
                connection, _ = server.accept()
                with connection:
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                    connection.sendall(text)
            for text, words in answers.items():
                beside = in_thread(answer, text)
                done = subprocess.run([BINARY, "reload", "--socket", path], capture_output=True, text=True, check=False)
                beside()
                assert done.returncode == 1 and words in done.stderr, (text, done.stderr)
        done = subprocess.run([BINARY, "reload", "--socket", path], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "no gateway answers" in done.stderr, done.stderr
        config = pathlib.Path(folder) / "gateway.toml"
        for text, code, words in (("[admin]\nsocket = \"\"\n", 1, "there is no socket to ask"), ("x = 1\n", 78, "use --socket")):
            config.write_text(f'{text}[[listener]]\nbind = "127.0.0.1:1"\nmode = "redirect"\n')
            done = subprocess.run([BINARY, "status", "-c", config], capture_output=True, text=True, check=False)
            assert done.returncode == code and words in done.stderr, done.stderr


@rule
def what_goes_to_the_journal_carries_its_level():
    with listening() as server, Gateway(server.getsockname()[1], environment={"JOURNAL_STREAM": "1:1"}) as gateway:
        config = pathlib.Path(gateway.directory.name) / "gateway.toml"
        config.write_text("x = 1\n")
        refused = subprocess.run([BINARY, "reload", "--socket", gateway.admin_path], capture_output=True, check=False)
        assert refused.returncode == 1, refused
        eventually(lambda: "<3>" in gateway.log_text(), "a reload that is refused")
        lines = gateway.log_text().splitlines()
        assert all(line[:3] in ("<3>", "<4>", "<5>", "<6>") for line in lines), lines


if __name__ == "__main__":
    sys.exit(main())
