"""The MSNP conversations of a capture, in the order in which their bytes were sent."""
import collections
import struct

PORTS = {1863, 1864}
CLIENT, SERVER = "client", "server"


class Chunk(collections.namedtuple("Chunk", "at speaker data")):
    """Bytes that `speaker` sent `at` seconds after the first of the conversation."""


def _packets(path):
    """(seconds, link type, bytes of a frame)."""
    data = path.read_bytes()
    magic = data[:4]
    order = "<" if magic[0] != 0xA1 else ">"
    fraction = 1e9 if b"\x3c" in magic else 1e6
    link, at = struct.unpack_from(order + "I", data, 20)[0], 24
    while at + 16 <= len(data):
        seconds, part, size, _ = struct.unpack_from(order + "IIII", data, at)
        yield seconds + part / fraction, link, data[at + 16:at + 16 + size]
        at += 16 + size


def _segment(link, frame):
    """(source, destination, sequence number, flags, payload) of TCP over IPv4, or None."""
    offset, kind = (14, frame[12:14]) if link == 1 else (20, frame[0:2])
    if kind != b"\x08\x00" or len(frame) < offset + 40 or frame[offset + 9] != 6:
        return None
    ip = frame[offset:]
    head, total = (ip[0] & 15) * 4, struct.unpack_from(">H", ip, 2)[0]
    tcp = ip[head:total]
    source, destination, sequence = struct.unpack_from(">HHI", tcp, 0)
    return ((ip[12:16], source), (ip[16:20], destination), sequence, tcp[13], tcp[(tcp[12] >> 4) * 4:])


def conversations(path, ports=frozenset(PORTS)):
    """Lists of Chunk, one for each connection to one of the server's ports whose beginning is in the capture."""
    found, expected = {}, {}
    for at, link, frame in _packets(path):
        segment = _segment(link, frame)
        if segment is None:
            continue
        source, destination, sequence, flags, payload = segment
        from_client = destination[1] in ports and source[1] not in ports
        if not from_client and source[1] not in ports:
            continue
        key = (source, destination) if from_client else (destination, source)
        way = (key, from_client)
        if flags & 2:
            expected[way] = (sequence + 1) & 0xFFFFFFFF
            if from_client and not flags & 16:
                found[key] = []
            continue
        # Relayed packets are there twice, and repeated ones too: only what continues counts.
        if payload and key in found and expected.get(way) == sequence:
            expected[way] = (sequence + len(payload)) & 0xFFFFFFFF
            found[key].append((at, CLIENT if from_client else SERVER, payload))
    for chunks in found.values():
        if chunks and chunks[0][1] == CLIENT:
            yield [Chunk(at - chunks[0][0], speaker, data) for at, speaker, data in chunks]
