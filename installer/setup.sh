# Shared by ./viridian and ./verify: set-up of a source tree. Sourced, never run.
# Needs $here, the top of the tree.

VIRIDIAN_VERSION=0.1.0-SNAPSHOT

viridian_say() { printf 'viridian: %s\n' "$*" >&2; }

viridian_fail() {
    viridian_say "$*"
    exit 6
}

# Finds a JDK 25 (not a later one: the software processor uses an interface inside java.base) and sets VIRIDIAN_JDK.
viridian_jdk() {
    local candidate seen=""
    for candidate in "${JAVA25_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/jdk-25* "$HOME"/.sdkman/candidates/java/25* \
        "$HOME"/.jdks/*; do
        [ -n "$candidate" ] && [ -x "$candidate/bin/javac" ] && [ -r "$candidate/release" ] || continue
        case $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release") in
            25) VIRIDIAN_JDK=$candidate; export JAVA25_HOME=$candidate; return 0 ;;
            *) seen="$seen $candidate" ;;
        esac
    done
    viridian_say "a JDK 25 is needed and none was found. Looked at JAVA25_HOME, JAVA_HOME, /usr/lib/jvm, /opt/jdk-25*, ~/.sdkman, ~/.jdks."
    [ -z "$seen" ] || viridian_say "other versions are at:$seen"
    viridian_fail "install one, for example Eclipse Temurin 25 from https://adoptium.net, or set JAVA25_HOME to its folder."
}

# Installs Debian packages, or says the exact command when that is not allowed here.
viridian_install() {
    local how=()
    if [ -n "${VIRIDIAN_NO_INSTALL:-}" ] || ! command -v apt-get > /dev/null; then
        return 1
    elif [ "$(id -u)" = 0 ]; then
        how=(env DEBIAN_FRONTEND=noninteractive)
    elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
        how=(sudo -n env DEBIAN_FRONTEND=noninteractive)
    else
        return 1
    fi
    viridian_say "installing $*"
    if ! "${how[@]}" apt-get install -y -q --no-install-recommends "$@" > /dev/null 2>&1; then
        viridian_say "updating the package lists"
        "${how[@]}" apt-get update -q > /dev/null 2>&1 || true
        "${how[@]}" apt-get install -y -q --no-install-recommends "$@" >&2 || return 1
    fi
}

# Whether a shared library can be found by the loader.
viridian_library() {
    # Not grep -q: it leaves at the first match, ldconfig then dies of SIGPIPE now and then, and pipefail says "missing".
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null | grep "[[:space:]]$1 " > /dev/null
}

# Requires packages: arguments are the packages that are missing; none is fine.
viridian_require() {
    [ $# -gt 0 ] || return 0
    viridian_install "$@" || viridian_fail "packages are missing. Run: sudo apt-get install --no-install-recommends $*"
}

# What the program itself needs. A window needs GTK and a font; commands need neither.
viridian_packages() {
    local missing=() window=1 word
    command -v mvn > /dev/null || viridian_built || missing+=(maven)
    # The default network of a VM; without it only --network none, switch:NAME or tap:IF can be had.
    viridian_library libslirp.so.0 || missing+=(libslirp0)
    for word in "$@"; do
        case $word in
            --headless | --help | -h | --version | create | list | prepare | stop | kill | pause | resume | reset | delete | \
            devices | screenshot | type | key | run | doctor | host) window=0 ;;
        esac
    done
    if [ "$window" = 1 ] && [ -n "${DISPLAY:-}" ]; then
        viridian_library libgtk-3.so.0 || missing+=(libgtk-3-0)
        viridian_library libXtst.so.6 || missing+=(libxtst6)
        viridian_fonts missing
    fi
    viridian_require "${missing[@]}"
}

viridian_fonts() {
    local -n into=$1
    [ -n "$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" \
        \( -name '*.ttf' -o -name '*.otf' \) -print -quit 2> /dev/null)" ] || into+=(fonts-dejavu-core)
    case ${LANG:-} in
        ko*) [ -n "$(find /usr/share/fonts -name '*CJK*' -print -quit 2> /dev/null)" ] || into+=(fonts-noto-cjk) ;;
    esac
}

# Whether the jars are there and no source is newer.
viridian_built() {
    local stamp="$here/app/target/.built"
    [ -f "$stamp" ] && [ -f "$here/app/target/app-$VIRIDIAN_VERSION.jar" ] && [ -d "$here/app/target/lib" ] || return 1
    [ -z "$(find "$here"/pom.xml "$here"/{vmm-engine,vmbus,devices,display,icons,app}/pom.xml \
        "$here"/{vmm-engine,vmbus,devices,display,icons,app}/src/main -newer "$stamp" -print -quit)" ]
}

# Maven, offline when everything is already here, else with the network.
viridian_maven() {
    (cd "$here" && JAVA_HOME=$VIRIDIAN_JDK mvn -B -q "$@")
}

# Builds the jars when they are absent or older than a source. One build at a time per tree.
viridian_build() {
    viridian_built && return 0
    mkdir -p "$here/app/target"
    exec 9> "$here/app/target/.build-lock"
    flock 9
    if ! viridian_built; then
        local log="$here/app/target/build.log" started=$SECONDS
        viridian_say "building (about a minute; log: $log)"
        touch "$here/app/target/.building"
        if ! viridian_maven -o -pl app -am package -Dmaven.test.skip=true > "$log" 2>&1; then
            viridian_say "building again with downloads"
            if ! viridian_maven -pl app -am package -Dmaven.test.skip=true > "$log" 2>&1; then
                grep -m 5 ERROR "$log" >&2 || tail -n 5 "$log" >&2
                viridian_fail "the build failed, see $log"
            fi
        fi
        # The stamp carries the time before the build: a source changed meanwhile is built next time.
        mv "$here/app/target/.building" "$here/app/target/.built"
        viridian_say "built in $((SECONDS - started)) s"
    fi
    exec 9>&-
}
