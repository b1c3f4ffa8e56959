#!/bin/bash
# `msnpgate rules` on a real kernel: two networks and a gateway between them, as network namespaces.
# Usage: tests/e2e/rules_test.sh [BINARY]    Needs root, iproute2, nftables, python3.
set -u
gate=$(readlink -f "${1:-build/release/msnpgate}")
passed=0
failed=0
id=$$
client=rt-client-$id gateway=rt-gateway-$id server=rt-server-$id
work=$(mktemp -d)
started=()

clean_up() {
  [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null
  for name in $client $gateway $server; do ip netns del "$name" 2>/dev/null; done
  rm -rf "$work"
}
trap clean_up EXIT

check() {  # WHAT COMMAND...
  local what=$1
  shift
  if "$@"; then
    passed=$((passed + 1)); echo "ok      $what"
  else
    failed=$((failed + 1)); echo "FAILED  $what"
  fi
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

for needed in ip nft python3 setpriv; do
  if ! command -v $needed >/dev/null; then
    check "$needed is installed" false
    finish
  fi
done
if [ "$(id -u)" -ne 0 ] || [ ! -x "$gate" ]; then
  check "run as root with a built msnpgate ($gate)" false
  finish
fi

# 10.1.0.2 client --- 10.1.0.1 gateway 10.2.0.1 --- 10.2.0.2 server, and fd01::/fd02:: likewise.
set -e
for name in $client $gateway $server; do
  ip netns add "$name"
  ip -n "$name" link set lo up
done
ip link add c0 netns $client type veth peer name inside netns $gateway
ip link add s0 netns $server type veth peer name outside netns $gateway
add() {
  case $3 in *:*) ip -n "$1" addr add "$3" dev "$2" nodad ;; *) ip -n "$1" addr add "$3" dev "$2" ;; esac
  ip -n "$1" link set "$2" up
}
add $client c0 10.1.0.2/24; add $client c0 fd01::2/64
add $gateway inside 10.1.0.1/24; add $gateway inside fd01::1/64
add $gateway outside 10.2.0.1/24; add $gateway outside fd02::1/64
add $server s0 10.2.0.2/24; add $server s0 fd02::2/64
add $server s0 10.2.0.3/24
for name in $client:1 $server:2; do
  ip -n "${name%:*}" route add default via 10.${name#*:}.0.1
  ip -n "${name%:*}" route add default via fd0${name#*:}::1
done
ip netns exec $gateway sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
set +e

# Answers every connection with who it is and where the connection was going.
cat >"$work/answer.py" <<'PYTHON'
import socket, struct, sys, threading
def original(link):
    if link.getsockname()[0].startswith("::ffff:") or link.family == socket.AF_INET:
        raw = link.getsockopt(socket.IPPROTO_IP, 80, 16)
        return "%s:%d" % (socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack("!H", raw[2:4])[0])
    raw = link.getsockopt(socket.IPPROTO_IPV6, 80, 28)
    return "[%s]:%d" % (socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0])
def serve(port):
    taker = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    print("ready", flush=True)
    while True:
        link, _ = taker.accept()
        try:
            said = sys.argv[1] + " " + (original(link) if sys.argv[1] == "listener" else "")
        except OSError:
            said = sys.argv[1] + " directly"
        link.sendall(said.strip().encode())
        link.close()
for port in sys.argv[2:]:
    threading.Thread(target=serve, args=(int(port),)).start()
PYTHON
cat >"$work/ask.py" <<'PYTHON'
import socket, sys
try:
    link = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    print(link.recv(200).decode())
except OSError as error:
    print(type(error).__name__)
PYTHON
start() {  # NAMESPACE NAME PORT...
  local space=$1 name=$2
  shift
  ip netns exec "$space" python3 "$work/answer.py" "$@" >"$work/$name.ready" &
  started+=($!)
  shift
  for _ in $(seq 100); do
    [ "$(wc -l <"$work/$name.ready")" -eq $# ] && return
    sleep 0.1
  done
  check "$name starts" false
  finish
}
start $gateway listener 11863
start $server server 1863 1865 80

ask() { ip netns exec $client timeout 10 python3 "$work/ask.py" "$1" "$2"; }
answers() { [ "$(ask "$1" "$2")" = "$3" ] || { echo "        $1 port $2 said: $(ask "$1" "$2"), not: $3"; return 1; }; }
in_gateway() { ip netns exec $gateway "$@"; }
ruleset_empty() { [ -z "$(in_gateway nft list ruleset)" ]; }
exits() {  # CODE COMMAND...
  local code=$1
  shift
  "$@" >"$work/out" 2>"$work/err"
  [ $? -eq "$code" ]
}

cat >"$work/gateway.toml" <<'TOML'
[[listener]]
bind = "[::]:11863"
[intercept]
ports = [1863, 1864]
interfaces = ["inside"]
exempt = ["10.2.0.3"]
TOML

check "without rules the server answers itself" answers 10.2.0.2 1863 server
check "unload without rules is fine" exits 0 in_gateway "$gate" rules unload
check "that leaves no ruleset" ruleset_empty
check "print is what nft accepts" eval 'in_gateway "$gate" rules print -c "$work/gateway.toml" | in_gateway nft -c -f -'
check "print and check change nothing" ruleset_empty
check "load" exits 0 in_gateway "$gate" rules load -c "$work/gateway.toml"
in_gateway nft list ruleset >"$work/once"
check "load again" exits 0 in_gateway "$gate" rules load -c "$work/gateway.toml"
in_gateway nft list ruleset >"$work/twice"
check "loading twice is loading once" cmp "$work/once" "$work/twice"
check "only the table inet msnpgate is there" test "$(grep -c ^table "$work/once")" -eq 1

check "IPv4 is redirected and remembers where it was going" answers 10.2.0.2 1863 "listener 10.2.0.2:1863"
check "IPv6 is redirected and remembers where it was going" answers fd02::2 1863 "listener [fd02::2]:1863"
check "so is the other port, and one where nothing listens" answers 10.2.0.2 1864 "listener 10.2.0.2:1864"
check "a port that is not intercepted is left alone" answers 10.2.0.2 1865 server
check "so is the web" answers 10.2.0.2 80 server
check "an exempt destination is left alone" answers 10.2.0.3 1863 server
check "the listener's port is closed to direct connections (IPv4)" answers 10.1.0.1 11863 ConnectionRefusedError
check "the listener's port is closed to direct connections (IPv6)" answers fd01::1 11863 ConnectionRefusedError
check "the other address of the gateway is no way in either" answers 10.2.0.1 11863 ConnectionRefusedError
check "an intercepted port of the gateway itself is not redirected" answers 10.1.0.1 1863 ConnectionRefusedError
check "the gateway's own connections are not intercepted" test \
  "$(in_gateway timeout 10 python3 "$work/ask.py" 10.2.0.2 1863)" = server
check "another interface is not intercepted" test \
  "$(ip netns exec $server timeout 10 python3 "$work/ask.py" 10.1.0.2 1863)" = ConnectionRefusedError

in_gateway nft add table inet neighbour
check "unload" exits 0 in_gateway "$gate" rules unload
check "unload leaves the tables of others" test "$(in_gateway nft list ruleset)" = "table inet neighbour {
}"
in_gateway nft delete table inet neighbour
check "unload leaves nothing" ruleset_empty
check "after unload the server answers itself again" answers 10.2.0.2 1863 server
check "unload again is fine" exits 0 in_gateway "$gate" rules unload

sed 's/"\[::\]:11863"/"10.1.0.1:11863"/' "$work/gateway.toml" >"$work/one.toml"
check "load for a listener on one address" exits 0 in_gateway "$gate" rules load -c "$work/one.toml"
check "it gets the connections of its family" answers 10.2.0.2 1863 "listener 10.2.0.2:1863"
check "the other family is left alone" answers fd02::2 1863 server
check "unload that" exits 0 in_gateway "$gate" rules unload

# The binary may lie where others cannot reach it.
cp "$gate" "$work/msnpgate" && chmod 755 "$work"
check "an ordinary user may not load" exits 1 in_gateway setpriv --reuid 65534 --regid 65534 --clear-groups \
  "$work/msnpgate" rules load -c "$work/gateway.toml"
check "and is told what it takes" grep -q "not permitted; changing rules takes root" "$work/err"
check "without nft" exits 1 unshare --mount sh -c \
  'mount --bind "$1" /usr/sbin && PATH=/nowhere exec "$2" rules unload' - "$work" "$work/msnpgate"
check "it says which package is missing" grep -q "install the package nftables" "$work/err"
sed 's/redirect/fixed/; s/^bind.*/&\nmode = "fixed"\nupstream = "10.2.0.2:1863"/' "$work/gateway.toml" >"$work/fixed.toml"
check "no redirect listener is a bad configuration" exits 78 in_gateway "$gate" rules load -c "$work/fixed.toml"
check "nothing is left" ruleset_empty
finish
