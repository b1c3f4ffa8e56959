"""What is private in the bytes of a conversation, read from the wire without msnp/, and the forms in which a careless
program might write it down.
"""
import base64
import re
import urllib.parse

# What somebody typed, what proves who they are, what they call themselves; and who they are.
CHAT, SECRET, NAME, ACCOUNT = "chat text", "ticket, cookie or password", "nickname", "account"
SHORTEST = 6        # bytes of a text that is looked for; shorter ones are found anywhere
SLICE = 24          # of a long text a few pieces of this length are looked for, so that an excerpt is found too

LINE = re.compile(rb"([A-Z]{3})((?: [^\r\n ]*)*)\r\n")
PAYLOAD = {b"MSG", b"UBX", b"UUX", b"UUN", b"UBN", b"UUM", b"UBM", b"SDG", b"NOT", b"GCF", b"QRY", b"ADL", b"RML", b"FQY"}
ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+\.[\w.-]*\w")
# Headers of the profile that a notification server sends.
PROFILE = re.compile(rb"(?m)^(MSPAuth|sid|kv|MemberIdHigh|MemberIdLow|RouteInfo): *(\S+)")


def frames(stream):
    """(verb, words, payload); what is between frames, such as the heads of HTTP messages, is passed over."""
    at = 0
    while line := LINE.search(stream, at):
        words = line[2].split()
        size = int(words[-1]) if line[1] in PAYLOAD and words and words[-1].isdigit() else 0
        yield line[1], words, stream[line.end():line.end() + size]
        at = line.end() + size


def _of_login(verb, words):
    if verb == b"USR" and len(words) > 3 and words[2] in (b"S", b"A"):
        return [(SECRET, word) for word in words[3:]]
    if verb == b"USR" and len(words) > 3 and words[1] == b"OK":
        return [(NAME, words[3])]
    if verb in (b"USR", b"ANS") and len(words) > 2 and b"@" in words[1]:
        return [(SECRET, word) for word in words[2:]]
    if verb == b"XFR" and b"CKI" in words:
        return [(SECRET, words[words.index(b"CKI") + 1])]
    if verb == b"RNG" and len(words) > 5:
        return [(SECRET, words[3]), (NAME, words[5])]
    return []


def _of_people(verb, words, payload):
    place = {b"IRO": 4, b"JOI": 1, b"NLN": 2, b"ILN": 3, b"MSG": 1, b"PRP": 2, b"REA": 3}.get(verb)
    found = [(NAME, words[place])] if place is not None and len(words) > place else []
    if verb in (b"UUX", b"UBX"):
        found += [(NAME, text) for text in re.findall(rb"<(?:PSM|CurrentMedia)>([^<]+)<", payload)]
    return found


def _of_payload(verb, payload):
    head, _, body = payload.partition(b"\r\n\r\n")
    if verb == b"QRY":
        return [(SECRET, payload)]
    if b"text/x-msmsgsprofile" in head:
        return [(SECRET, value) for _, value in PROFILE.findall(payload)]
    return [(CHAT, body.strip())] if b"text/plain" in head else []


def of_stream(stream):
    """{(kind, bytes)}: what is private in one direction of a connection."""
    found = {(ACCOUNT, account.lower()) for account in ADDRESS.findall(stream)}
    for verb, words, payload in frames(stream):
        found |= {*_of_login(verb, words), *_of_people(verb, words, payload), *_of_payload(verb, payload)}
    found |= {(kind, urllib.parse.unquote_to_bytes(text)) for kind, text in found if kind == NAME}
    found |= {(SECRET, text[2:]) for kind, text in found if kind == SECRET and text.startswith(b"t=")}
    return {(kind, text) for kind, text in found if len(text) >= SHORTEST}


def worth_looking_for(texts):
    """Without what is no secret at all because it is a part of an account: there are people called "alice"."""
    accounts = b" ".join(text for kind, text in texts if kind == ACCOUNT)
    return {(kind, text) for kind, text in texts if kind == ACCOUNT or text.lower() not in accounts}


def _slices(text):
    if len(text) <= SLICE:
        return [text]
    middle = len(text) // 2
    return [text[:SLICE], text[middle:middle + SLICE], text[-SLICE:]]


def _as_base64(text):
    """What of it is the same wherever it stands in a longer text."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + text)
        yield whole[(before * 8 + 5) // 6:len(whole) - (4 if (before + len(text)) % 3 else 0)]


def _escaped(text, form):
    """As the log escapes what is no plain text."""
    return b"".join(bytes([byte]) if 0x20 < byte < 0x7F else form % byte for byte in text)


def forms(text):
    """Every way in which it is looked for, in small letters."""
    wanted = set()
    for piece in _slices(text):
        wanted |= {piece, *_as_base64(piece), piece.hex().encode(), _escaped(piece, b"\\x%02x"),
                   _escaped(piece, b"\\\\x%02x"), urllib.parse.quote_from_bytes(piece, safe="").encode(),
                   urllib.parse.quote_from_bytes(piece, safe="@{}().,-;:").encode(), piece[::-1]}
        words = piece.decode("utf-8", "ignore")
        for order in ("utf-16-le", "utf-16-be"):
            wide = words.encode(order)
            wanted |= {wide, *_as_base64(wide), wide.hex().encode(), _escaped(wide, b"\\u00%02x"),
                       _escaped(wide, b"\\u{%x}")}
        wanted.add(b"".join(b"\\u%04x" % ord(char) for char in words))
    return {form.lower() for form in wanted if len(form) >= SHORTEST}


def found_in(texts, written):
    """[(kind, text)] of those that stand there in any form. `written` is bytes."""
    lower = written.lower()
    return [(kind, text) for kind, text in sorted(texts) if any(form in lower for form in forms(text))]
