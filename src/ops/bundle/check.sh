#!/bin/sh
# Verifies this bundle with zstd, jq, sha256sum and openssl alone; CHECK.md says what and why.
#   sh check.sh                 every event
#   SIGNATURES=no sh check.sh   leaves out the signatures of single events (the slowest part)
# Exit status 0: everything fits. 1: something does not, each time in a line FAULT.
set -u
LC_ALL=C
export LC_ALL
cd "${0%/*}" 2>/dev/null || true
[ -f bundle.json ] || { echo "FAULT no bundle.json here" >&2; exit 2; }

faults=0
events=0
marked=0
checked=0
unchecked=0
nl='
'

fault() {
    echo "FAULT $*"
    faults=$((faults + 1))
}

# In jq: text as the escapes that printf makes bytes of, from hex and from base64.
bytes='
def octal: "\\" + ([(. / 64 | floor), (. / 8 | floor) % 8, . % 8] | map(tostring) | join(""));
def nibble: if . >= 97 then . - 87 elif . >= 65 then . - 55 else . - 48 end;
def pairs: . as $d | [range(0; length; 2) | $d[.] * 16 + $d[. + 1]];
def unhex: explode | map(nibble) | pairs;
def sextet: if . >= 97 then . - 71 elif . >= 65 then . - 65 elif . == 43 or . == 45 then 62
            elif . == 47 or . == 95 then 63 else . + 4 end;
def unbase64: gsub("[=\\s]"; "") | explode | map(sextet) as $s
    | [range(0; $s | length; 4) | $s[. : . + 4]
       | (.[0] * 262144 + .[1] * 4096 + (.[2] // 0) * 64 + (.[3] // 0)) as $n
       | [($n / 65536 | floor), ($n / 256 | floor) % 256, $n % 256][: length - 1][]];
def hex: map([(. / 16 | floor), . % 16] | map(if . > 9 then . + 87 else . + 48 end) | implode) | join("");
def escapes: map(octal) | join("");
'

# sums FILE...: the SHA-256 of each, a line each, into $sums.
sums() {
    sums=
    for sum in $(sha256sum "$@"); do
        case $sum in
        *work/*) ;;
        *) sums="$sums$sum$nl" ;;
        esac
    done
}

# ---- signed checkpoints (C2SP signed notes) ----

# checkpoint NOTE SIZE ROOT WHAT: does the archiver vouch for this tree?
checkpoint() {
    printf '%s' "$1" | jq -R -s -r "$bytes"'
        (index("\n\n")) as $at | .[: $at + 1] as $text | .[$at + 2 :] as $lines
        | ($text | split("\n")) as $t
        | ($lines | split("\n") | map(select(startswith("\u2014 " + $t[0] + " ")) | split(" ")[2])
           | first // "") as $signature
        | $t[0], $t[1], ($t[2] | unbase64 | hex), ($signature | unbase64 | .[4:] | escapes)' \
        >work/note 2>/dev/null
    { read -r origin; read -r size; read -r root; read -r escapes; } <work/note || true
    printf '%s' "${1%%"$nl$nl"*}$nl" >work/text
    # shellcheck disable=SC2059 # the format is made of escapes
    printf "$escapes" >work/signature
    openssl pkeyutl -verify -pubin -inkey archiver.pem -rawin -in work/text \
        -sigfile work/signature >/dev/null 2>&1 || fault "$4: its checkpoint is not the archiver's"
    [ "$origin" = "$wanted_origin" ] || fault "$4: its checkpoint is about '$origin'"
    [ "$size" = "$2" ] || fault "$4: its checkpoint is about $size events, not $2"
    [ "$root" = "$3" ] || fault "$4: its checkpoint has the root $root, the events give $3"
}

# ---- the Merkle tree (RFC 6962) ----

# edge_K is the root of the 2^K leaves before the current end, where that bit of its index is set.
node() { # LEFT RIGHT, hex: into $parent
    pairs="$1$2$nl"
    parents=
    hash_pairs
    parent=${parents%"$nl"}
}

# hash_pairs: the nodes over $pairs, two hashes a line, into $parents; one run of the tools.
hash_pairs() {
    printf '%s' "$pairs" | jq -R -r "$bytes"'[1] + unhex | escapes' >work/node-escapes
    n=0
    files=
    while read -r escapes; do
        # shellcheck disable=SC2059
        printf "$escapes" >work/node-$n
        files="$files work/node-$n"
        n=$((n + 1))
    done <work/node-escapes
    [ -z "$files" ] || {
        # shellcheck disable=SC2086 # a list of names
        sums $files
        parents="$parents$sums"
    }
    pairs=
}

# Without the events that it is made from, an edge is nothing: no hash.
level=0
while [ $level -lt 64 ]; do
    eval "edge_$level=0000000000000000000000000000000000000000000000000000000000000000"
    level=$((level + 1))
done

# append START LEAF...: the leaves come after the first START ones. Level by level: what stands at
# an odd place pairs with the edge before it, what has no partner yet becomes the edge.
append() {
    at=$1
    level=0
    shift
    while [ $# -gt 0 ]; do
        if [ $((at % 2)) -eq 1 ]; then
            eval "set -- \"\$edge_$level\" \"\$@\""
        fi
        parents=
        pairs=
        count_pairs=0
        while [ $# -ge 2 ]; do
            pairs="$pairs$1$2$nl"
            count_pairs=$((count_pairs + 1))
            [ $((count_pairs % 256)) -ne 0 ] || hash_pairs
            shift 2
        done
        hash_pairs
        [ $# -eq 0 ] || eval "edge_$level=$1"
        # shellcheck disable=SC2086
        set -- $parents
        at=$((at / 2))
        level=$((level + 1))
    done
}

# root_of SIZE: the root of the tree, into $tree_root.
root_of() {
    rest=$1
    level=0
    tree_root=
    while [ "$rest" -gt 0 ]; do
        if [ $((rest % 2)) -eq 1 ]; then
            eval "left=\$edge_$level"
            if [ -z "$tree_root" ]; then
                tree_root=$left
            else
                node "$left" "$tree_root"
                tree_root=$parent
            fi
        fi
        rest=$((rest / 2))
        level=$((level + 1))
    done
}

# ---- events ----

# Of each line, six lines: the canonical payload as it stands in the line (found by comparing what
# it says), the hash's two halves, the signature, its signer, and what else is looked at.
cut_lines() {
    jq -R -r --slurpfile signers work/signers "$bytes"'
        def before_last($text): split($text) | .[: length - 1] | join($text);
        . as $line | fromjson as $e
        | ($line | split("\"payload\":")) as $parts
        | (first(range(1; $parts | length) as $k
             | $parts[$k:] | join("\"payload\":") | before_last(",\"prevHash\":")
             | if $e | has("payloadText") then before_last(",\"payloadText\":") else . end
             | select((try fromjson catch {"no": "JSON"}) == $e.payload)) // "") as $payload
        | ($signers[0] | map(select(.signerId == $e.signerId)) | first // {}) as $s
        | ($e.ts | rtrimstr("Z")) as $ts
        | (if ($e.signature // "") == "" then "missing"
           elif $s == {} then "unknown"
           elif ($s.validFrom != null and $ts < ($s.validFrom | rtrimstr("Z")))
             or ($s.validUntil != null and $ts >= ($s.validUntil | rtrimstr("Z"))) then "untimely"
           else $s.algorithm end) as $how
        | $payload, ($e.prevHash // "" | unhex | escapes), ($e.hash | unhex | escapes),
          ($e.signature // "" | if test("^([0-9a-fA-F]{2}){64,}$") then unhex else unbase64 end | escapes),
          "work/signer-\($s.number // 0).pem",
          ([$e.index, $e.id, ($e.hash | ascii_downcase),
            ($e.prevHash // "" | ascii_downcase | if test("^0*$") then "-" else . end),
            $how, ($e.fault // [] | join(",") | if . == "" then "-" else . end)] | join(" "))'
}

check_signature() { # NAME HOW KEY HASH-ESCAPES SIGNATURE-ESCAPES
    case $2 in
    missing) [ "$require_signatures" = false ] || fault "$1: it has no signature" ; return ;;
    unknown) fault "$1: its signer is in no registry"; return ;;
    untimely) fault "$1: its signer was not valid at its time"; return ;;
    hmac-sha256) unchecked=$((unchecked + 1)); return ;;
    ed25519) options=-rawin ;;
    *) options='-pkeyopt digest:sha256' ;;
    esac
    # shellcheck disable=SC2059
    printf "$4" >work/hash
    # shellcheck disable=SC2059
    printf "$5" >work/signature
    # shellcheck disable=SC2086
    if openssl pkeyutl -verify -pubin -inkey "$3" $options -in work/hash \
        -sigfile work/signature >/dev/null 2>&1; then
        checked=$((checked + 1))
    else
        fault "$1: its signature is not its signer's over its hash"
    fi
}

# check_events: reads work/cut; the hashes of work/payload-* are in $hashes, in order.
check_events() {
    for computed in $hashes; do
        IFS= read -r payload
        read -r _prev
        read -r hash_escapes
        read -r signature_escapes
        IFS= read -r key
        read -r index id hash prev how event_fault
        name="event $id (index $index)"
        [ "$index" -eq $((next_index)) ] || fault "$name: index $next_index should come here"
        next_index=$((next_index + 1))
        if [ "$prev" != "$last_hash" ] && [ "$accepted" != "$index" ]; then
            fault "$name: it follows '$prev', the event before it is '$last_hash'"
        fi
        last_hash=$hash
        if [ "$event_fault" != - ]; then
            echo "marked $name: $event_fault"
            marked=$((marked + 1))
            continue
        fi
        [ -n "$payload" ] || fault "$name: its payload cannot be found in its line"
        [ "$computed" = "$hash" ] || fault "$name: its payload and predecessor give $computed, not $hash"
        [ "${SIGNATURES:-yes}" = no ] ||
            check_signature "$name" "$how" "$key" "$hash_escapes" "$signature_escapes"
    done
}

# batch: up to 256 lines in work/lines: their leaf hashes into $leaves, everything else checked.
batch() {
    n=0
    files=
    payloads=
    while IFS= read -r line; do
        printf '\000%s' "$line" >work/leaf-$n
        files="$files work/leaf-$n"
        payloads="$payloads work/payload-$n"
        n=$((n + 1))
    done <work/lines
    [ $n -gt 0 ] || return 0
    # shellcheck disable=SC2086
    sums $files
    leaves="$leaves$sums"
    cut_lines <work/lines >work/cut || fault "index $next_index and following: a line is no event"
    n=0
    while IFS= read -r payload; do
        read -r prev
        read -r _hash
        read -r _signature
        IFS= read -r _key
        read -r _rest
        # shellcheck disable=SC2059
        { printf '%s' "$payload"; printf "$prev"; } >work/payload-$n
        n=$((n + 1))
    done <work/cut
    # shellcheck disable=SC2086
    sums $payloads
    hashes=$sums
    events=$((events + n))
    check_events <work/cut
}

segment() { # PATH FIRST LAST NOTE
    leaves=
    lines=
    count=0
    zstd -dcq "$1" >work/content || fault "$1: zstd cannot read it"
    : >work/lines
    while IFS= read -r line; do
        printf '%s\n' "$line" >>work/lines
        count=$((count + 1))
        if [ $((count % 256)) -eq 0 ]; then
            batch
            : >work/lines
        fi
    done <work/content
    batch
    # shellcheck disable=SC2086
    append "$2" $leaves
    root_of $(($3 + 1))
    checkpoint "$4" $(($3 + 1)) "$tree_root" "$1"
    echo "  $1: $count events"
}

# ---- seals ----

# Each lists its segments: those of this bundle have to be the same bytes.
seal() { # PATH
    jq -r '.checkpoint' "$1" >work/seal-note
    note=
    while IFS= read -r line; do
        note="$note$line$nl"
    done <work/seal-note
    jq -r '.segments[] | "\(.objectSha256) objects/\(.key)"' "$1" >work/seal-segments
    while read -r sum path; do
        [ -f "$path" ] || continue
        actual=$(sha256sum "$path")
        [ "${actual%% *}" = "$sum" ] || fault "$path: the seal $1 lists other bytes"
    done <work/seal-segments
    printf '%s' "$note" | jq -R -s -r "$bytes"'split("\n") | .[1], (.[2] | unbase64 | hex)' >work/seal-tree
    { read -r seal_size; read -r seal_root; } <work/seal-tree
    checkpoint "${note%"$nl"}" "$seal_size" "$seal_root" "$1"
    case "$roots" in
    *" $seal_size:$seal_root "*) ;;
    *) [ "$seal_size" -le "$first_index" ] || [ "$seal_size" -gt $((last_index + 1)) ] ||
        fault "$1: no segment ends with the tree that it names" ;;
    esac
}

# ---- the newest checkpoint (RFC 9162, 2.1.4.2) ----

consistency() {
    jq -r '.size, .checkpoint' consistency.json >work/newest
    note=
    {
        read -r new_size
        while IFS= read -r line; do
            note="$note$line$nl"
        done
    } <work/newest
    old_size=$((last_index + 1))
    if [ $old_size -eq "$new_size" ]; then
        checkpoint "${note%"$nl"}" "$new_size" "$tree_root" consistency.json
        return
    fi
    first_node=$((old_size - 1))
    second_node=$((new_size - 1))
    while [ $((first_node % 2)) -eq 1 ]; do
        first_node=$((first_node / 2))
        second_node=$((second_node / 2))
    done
    # shellcheck disable=SC2046 # a list of hashes
    set -- $(jq -r '.proof[]' consistency.json)
    [ $first_node -ne 0 ] || set -- "$tree_root" "$@"
    old=${1:-}
    new=${1:-}
    [ $# -eq 0 ] || shift
    for hash in "$@"; do
        if [ $((first_node % 2)) -eq 1 ] || [ $first_node -eq $second_node ]; then
            node "$hash" "$old"
            old=$parent
            node "$hash" "$new"
            new=$parent
            while [ $((first_node % 2)) -eq 0 ] && [ $first_node -ne 0 ]; do
                first_node=$((first_node / 2))
                second_node=$((second_node / 2))
            done
        else
            node "$new" "$hash"
            new=$parent
        fi
        first_node=$((first_node / 2))
        second_node=$((second_node / 2))
    done
    [ "$old" = "$tree_root" ] && [ $second_node -eq 0 ] ||
        fault "consistency.json: it does not lead from the events here to the newest checkpoint"
    checkpoint "${note%"$nl"}" "$new_size" "$new" consistency.json
}

# ---- all of it ----

echo "1. the files are those that were exported"
sha256sum --quiet -c SHA256SUMS || fault "a file differs from SHA256SUMS"

jq -r '.origin, .firstIndex, .lastIndex, .prevHash // "-", .requireSignatures, (.edge[] | "\(.level) \(.hash)")' \
    bundle.json >work/bundle
{
    read -r wanted_origin
    read -r first_index
    read -r last_index
    read -r last_hash
    read -r require_signatures
    while read -r level hash; do
        eval "edge_$level=$hash"
    done
} <work/bundle

# The keys as openssl reads them; a signer with a secret has none here.
jq 'to_entries | map(.value + {number: .key})' signers.json >work/signers
jq -r '.[] | .publicKey // "" | [scan(".{1,64}")] | join("\\n")' work/signers >work/keys
number=0
while read -r key; do
    printf '%s\n%b\n%s\n' '-----BEGIN PUBLIC KEY-----' "$key" '-----END PUBLIC KEY-----' >work/signer-$number.pem
    number=$((number + 1))
done <work/keys

echo "2. every event: hash, link, signature; every segment: the signed Merkle root"
next_index=$first_index
roots=' '
number=0
total=$(jq '.segments | length' bundle.json)
while [ $number -lt "$total" ]; do
    jq -r --argjson n $number '.segments[$n] | .path, .firstIndex, .lastIndex, .accepted // "-", .checkpoint' \
        bundle.json >work/segment
    note=
    {
        read -r path
        read -r first
        read -r last
        read -r accepted
        while IFS= read -r line; do
            note="$note$line$nl"
        done
    } <work/segment
    [ "$accepted" = - ] || echo "  a person accepted a break in the chain before index $accepted: see objects/"
    segment "$path" "$first" "$last" "${note%"$nl"}"
    roots="$roots$((last + 1)):$tree_root "
    number=$((number + 1))
done
[ "$next_index" -eq $((last_index + 1)) ] || fault "index $next_index to $last_index: no event is there"

echo "3. the seals of the days"
jq -r '.seals[]' bundle.json >work/seals
while read -r path; do
    seal "$path"
done <work/seals

echo "4. the newest checkpoint grows out of these events"
consistency

echo
echo "$events events, index $first_index to $last_index; $checked signatures checked;" \
    "$marked marked as faulty when they were archived"
[ $unchecked -eq 0 ] || echo "$unchecked signatures are HMACs, which only who has the secret can check"
[ "$total" -eq 0 ] || echo "root of all events up to the last one: $tree_root, signed for '$wanted_origin'"
if [ $faults -gt 0 ]; then
    echo "$faults faults"
    exit 1
fi
echo "everything fits"
