"""The lab: a small MSNP server, scripted clients and network namespaces for whole-system tests.

It is written from the protocol descriptions and shares no code with msnp/: what both misread in the
same way could otherwise never be noticed. Everything runs in one asyncio process; each socket is made
inside the namespace it belongs to.
"""
