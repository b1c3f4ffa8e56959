#!/bin/bash
# The recipes for a container image and for OpenWrt, as far as they can be run without a registry and an SDK:
# UCI becomes a configuration that msnpgate takes, the procd service does what it should with a stand-in for
# procd, make expands the package, and the Containerfile names what is there.
# Usage: tests/e2e/recipes_test.sh MSNPGATE
set -uo pipefail
gate=$(readlink -f "${1:-build/release/msnpgate}")
deploy=$(readlink -f "$(dirname "$0")/../../deploy")
# shellcheck source=tests/lab/checks.sh
source "$(dirname "$0")/../lab/checks.sh"

# As `uci show` prints it: odd characters, lists, several rules, a group.
cat >"$work/uci" <<'END'
msnpgate.main=msnpgate
msnpgate.main.enabled='1'
msnpgate.main.threads='2'
msnpgate.@listener[0]=listener
msnpgate.@listener[0].bind='[::]:11863'
msnpgate.@listener[1]=listener
msnpgate.@listener[1].bind='192.0.2.1:1863'
msnpgate.@listener[1].mode='fixed'
msnpgate.@listener[1].upstream='192.0.2.10:1863'
msnpgate.intercept=intercept
msnpgate.intercept.interfaces='br-lan' 'br-guest'
msnpgate.intercept.ports='1863' '1864'
msnpgate.limits=limits
msnpgate.limits.sessions='500'
msnpgate.limits.idle_timeout='2h'
msnpgate.audit=audit
msnpgate.audit.path='/tmp/audit.jsonl'
msnpgate.policy=policy
msnpgate.policy.default='observe'
msnpgate.service=service
msnpgate.service.watch='1'
msnpgate.design=group
msnpgate.design.members='ann@corp.example' 'ben@corp.example'
msnpgate.@rule[0]=rule
msnpgate.@rule[0].name='ann'\''s "files" \ more'
msnpgate.@rule[0].action='allow'
msnpgate.@rule[0].users='group:design'
msnpgate.@rule[0].kinds='file-transfer' 'photo-sharing'
msnpgate.@rule[0].names='*.png' 'a b.*'
msnpgate.@rule[0].max_size='10MiB'
msnpgate.@rule[0].when='Mon-Fri 08:00-18:00'
msnpgate.@rule[0].until='2099-12-31T00:00:00Z'
msnpgate.@rule[1]=rule
msnpgate.@rule[1].name='no webcams'
msnpgate.@rule[1].action='block'
msnpgate.@rule[1].kinds='webcam'
END
convert() { "$deploy/openwrt/files/uci-to-toml" <"$work/uci" >"$work/msnpgate.toml"; }
told() { "$gate" check -c "$work/msnpgate.toml" | grep -qF -- "$1"; }
check "UCI becomes TOML" convert
check "msnpgate takes it" "$gate" check -c "$work/msnpgate.toml"
check "numbers are numbers" told "listeners, on 2 threads"
check "both listeners are there" told "everything to 192.0.2.10:1863"
check "lists are lists" told "TCP ports 1863 and 1864 on br-lan and br-guest"
check "quotes and backslashes survive" grep -qF "name = \"ann's \\\"files\\\" \\\\ more\"" "$work/msnpgate.toml"
check "both rules are there" told '2. "no webcams"'
cp "$work/uci" "$work/typo"
echo "msnpgate.limits.sesions='5'" >>"$work/typo"
check "an unknown key is for msnpgate to find" bash -c \
  '"$1" <"$2" >"$3.bad"; "$4" check -c "$3.bad" 2>&1 | grep -q sesions' - \
  "$deploy/openwrt/files/uci-to-toml" "$work/typo" "$work/msnpgate.toml" "$gate"
packaged() {  # the shipped UCI file, as uci would show it
  awk -v quote="'" '
    $1 == "config" { gsub(quote, ""); type = $2; name = $3 != "" ? $3 : "@" type "[" count[type]++ "]"; print "msnpgate." name "=" type }
    $1 == "option" || $1 == "list" { print "msnpgate." name "." $2 "=" $3 }' "$deploy/openwrt/files/msnpgate.config" |
    "$deploy/openwrt/files/uci-to-toml" >"$work/packaged.toml" && sed -i 's,/var/log/msnpgate,/tmp,' "$work/packaged.toml"
}
check "the shipped UCI file becomes TOML" packaged
check "and msnpgate takes that too" "$gate" check -c "$work/packaged.toml"

# Every key of the reference whose value is no text is known as what it is.
sorts_of_keys() {
  python3 - "$deploy/../conf/msnpgate.toml" "$deploy/openwrt/files/uci-to-toml" <<'END'
import re, sys, tomllib
known = {"lists": set(), "numbers": set(), "booleans": set()}
for names, sort in re.findall(r'name_all\("([^"]*)", ([a-z]+)\)', open(sys.argv[2]).read()):
    known[sort].update(names.split())
section, wrong = "", []
for line in open(sys.argv[1]):
    section = (re.match(r"(?:# )?\[+([a-z.]+)\]+$", line) or [0, section])[1]
    match = re.match(r"(?:# )?([a-z_0-9]+) = .*", line)
    if not match or section in ("groups", "admin.listener", "audit.export"):
        continue
    try:
        key, value = match[1], tomllib.loads(match[0].removeprefix("# "))[match[1]]
    except tomllib.TOMLDecodeError:
        continue
    one = value[0] if isinstance(value, list) and value else value
    sorts = [sort for sort, true in (("lists", isinstance(value, list)), ("booleans", one is True or one is False),
                                     ("numbers", type(one) is int)) if true]
    wrong += [f"[{section}] {key} is one of the {sort}" for sort in sorts if key not in known[sort]]
print(*wrong, sep="\n")
sys.exit(bool(wrong))
END
}
check "numbers, lists and booleans of the reference are known as such" sorts_of_keys

# The service, with stand-ins that write down what they are asked.
mkdir "$work/bin"
cat >"$work/bin/uci" <<END
#!/bin/sh
case "\$*" in *show*) cat "$work/uci" ;; *enabled*) cat "$work/enabled" ;; esac
END
cat >"$work/bin/msnpgate" <<END
#!/bin/sh
echo "msnpgate \$1 \$2" >>"$work/asked"
[ "\$1" != check ] || exec "$gate" "\$@"
END
printf '#!/bin/sh\necho "$@" >>%s\n' "$work/asked" >"$work/bin/logger"
chmod +x "$work/bin/"*
service() {  # FUNCTION: in a mount of its own, where the paths of a router can be written
  unshare --mount bash -c '
    work=$1
    mount -t tmpfs tmpfs /var && mount -t tmpfs tmpfs /usr/libexec || exit 1
    mkdir -p /usr/libexec/msnpgate && cp "$3/openwrt/files/uci-to-toml" /usr/libexec/msnpgate/
    PATH=$work/bin:$PATH
    for name in open_instance set_param close_instance send_signal add_reload_trigger; do
      eval "procd_$name() { echo procd_$name \"\$@\" >>\"$work/asked\"; }"
    done
    chown() { :; }
    chgrp() { :; }
    . "$3/openwrt/files/msnpgate.init"
    "$2"
    result=$?
    find /var -type d >"$work/made"
    exit "$result"' - "$work" "$1" "$deploy"
}
asked() { grep -qF -- "$1" "$work/asked"; }
nothing_started() { ! grep -q procd_open "$work/asked"; }
: >"$work/asked"; echo 0 >"$work/enabled"
check "procd: a service that is not enabled does not start" service start_service
check "procd: really not" nothing_started
echo 1 >"$work/enabled"
check "procd: an enabled one does" service start_service
check "procd: log, state and socket have a directory" \
  [ "$(grep -cxE '/var/(log|lib|run)/msnpgate' "$work/made")" -eq 3 ]
check "procd: it loads the rules" asked "msnpgate rules load"
check "procd: it runs as its own user" asked "procd_set_param user msnpgate"
check "procd: with the gateway's command line" asked "procd_set_param command /usr/bin/msnpgate run -c /var/etc/msnpgate.toml"
check "procd: a reload is SIGHUP" service reload_service
check "procd: to the gateway" asked "procd_send_signal msnpgate * HUP"
check "procd: stopping takes the rules away" service service_stopped
check "procd: all of them" asked "msnpgate rules unload"

# The package recipe, expanded by make with stand-ins for OpenWrt's makefiles.
mkdir -p "$work/sdk/include"
: >"$work/sdk/rules.mk"; : >"$work/sdk/include/cmake.mk"
cat >"$work/sdk/include/package.mk" <<'END'
define BuildPackage
all:
	$(Build/Prepare)
	$(call Package/$(1)/install,ROOT)
	@echo 'depends $$(DEPENDS_OF)'
$(eval $(Package/$(1)))
DEPENDS_OF := $(DEPENDS)
endef
END
expand() {
  make -s -n -C "$deploy/openwrt" TOPDIR="$work/sdk" INCLUDE_DIR="$work/sdk/include" PKG_BUILD_DIR=BUILD PKG_INSTALL_DIR=INSTALL \
    INSTALL_DIR='mkdir -p' INSTALL_BIN=install INSTALL_CONF=install CP='cp -r' >"$work/expanded"
}
check "OpenWrt: make expands the recipe" expand
check "OpenWrt: it installs the service" grep -q 'install ./files/msnpgate.init ROOT/etc/init.d/msnpgate' "$work/expanded"
sources_are_there() {
  for word in $(grep -oE '[^ ]*/\.\./\.\./[A-Za-z*.]+' "$work/expanded"); do compgen -G "$word" >/dev/null || { echo "$word"; return 1; }; done
}
check "OpenWrt: everything it copies is there" sources_are_there
version() { [ "$(sed -n 's/^PKG_VERSION:=//p' "$deploy/openwrt/Makefile")" = "$("$gate" version | sed -n '1s/msnpgate //p')" ]; }
check "OpenWrt: the version is the program's" version

# Library of the program, package of OpenWrt; the C library is there anyway, toml++ is in the program.
depends_on_libraries() {
  local library package missing=0
  for library in $(readelf -d "$gate" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $library in
      libc.so.* | libm.so.* | ld-linux* | libtomlplusplus.so.*) continue ;;
      libssl.so.* | libcrypto.so.*) package=libopenssl ;;
      libstdc++.so.* | libgcc_s.so.*) package=libstdcpp ;;
      libboost_json.so.*) package=boost-json ;;
      *) package=${library%%.so*} ;;
    esac
    grep -qE "depends .*\+$package( |')" "$work/expanded" || { echo "$library wants +$package"; missing=1; }
  done
  return "$missing"
}
check "OpenWrt: it depends on the libraries of the program" depends_on_libraries

# The container recipe.
recipe=$deploy/oci/Containerfile
known_words() { ! grep -E '^[A-Za-z]' "$recipe" | grep -vE '^(FROM|COPY|RUN|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) '; }
runs_as_user() { [ "$(grep -n '^USER msnpgate$' "$recipe" | cut -d: -f1)" -gt "$(grep -n '^RUN ' "$recipe" | tail -n 1 | cut -d: -f1)" ]; }
exec_forms() { grep -E '^(ENTRYPOINT|CMD|VOLUME) ' "$recipe" | sed 's/^[A-Z]* //' | python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]'; }
shell_of_run() { sed -n '/^RUN /,/[^\\]$/p' "$recipe" | sed 's/^RUN //' | shellcheck -s sh -; }
check "container: every line is an instruction" known_words
check "container: it does not run as root" runs_as_user
check "container: the exec forms are JSON" exec_forms
check "container: what it runs passes shellcheck" shell_of_run
summary
