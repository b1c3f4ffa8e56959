#!/usr/bin/env python3
"""The bill of materials that deploy/sbom writes is valid SPDX 2.3 and says what is in the program.

usage: sbom_test.py [MSNPGATE [WORD...]]
"""
import json
import os
import re
import subprocess
import sys

import jsonschema

from loopback import BINARY, ROOT, main, rule

# What SPDX 2.3 demands of the parts that are used here.
ID = {"type": "string", "pattern": "^SPDXRef-[A-Za-z0-9.-]+$"}
WHO = {"type": "string", "pattern": "^(NOASSERTION|(Person|Organization): .+)$"}
LICENCE = {"type": "string", "pattern": "^(NOASSERTION|[A-Za-z0-9.-]+)$"}


def exactly(required, **optional):
    return {"type": "object", "properties": {**required, **optional}, "required": list(required),
            "additionalProperties": False}


PACKAGE = exactly(
    {"SPDXID": ID, "name": {"type": "string"}, "versionInfo": {"type": "string"}, "supplier": WHO,
     "downloadLocation": {"type": "string", "pattern": "^(NOASSERTION|https://.+)$"}, "filesAnalyzed": {"const": False},
     "licenseConcluded": LICENCE, "licenseDeclared": LICENCE, "copyrightText": {"type": "string"}},
    originator=WHO, comment={"type": "string"}, primaryPackagePurpose={"const": "APPLICATION"},
    externalRefs={"type": "array", "minItems": 1, "items": exactly(
        {"referenceCategory": {"const": "PACKAGE-MANAGER"}, "referenceType": {"const": "purl"},
         "referenceLocator": {"type": "string", "pattern": r"^pkg:deb/debian/[a-z0-9.%B-]+@[^?+ ]+\?arch=\w+$"}})})
DOCUMENT = exactly(
    {"spdxVersion": {"const": "SPDX-2.3"}, "dataLicense": {"const": "CC0-1.0"}, "SPDXID": {"const": "SPDXRef-DOCUMENT"},
     "name": {"type": "string"}, "documentNamespace": {"type": "string", "pattern": "^https://[^#]+$"},
     "creationInfo": exactly({"created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                              "creators": {"type": "array", "minItems": 1,
                                           "items": {"type": "string", "pattern": "^(Tool|Person|Organization): "}}}),
     "packages": {"type": "array", "minItems": 2, "items": PACKAGE},
     "relationships": {"type": "array", "items": exactly(
         {"spdxElementId": ID, "relatedSpdxElement": ID,
          "relationshipType": {"enum": ["DESCRIBES", "DYNAMIC_LINK", "BUILD_DEPENDENCY_OF", "BUILD_TOOL_OF"]}})}})
PROGRAM = "SPDXRef-Package-msnpgate"


def written(epoch="1795400000", **environment):
    return subprocess.run([ROOT / "deploy/sbom", BINARY.parent], check=True, capture_output=True, cwd="/",
                          env={**os.environ, "SOURCE_DATE_EPOCH": epoch, **environment}).stdout


def related(document, kind):
    for one in document["relationships"]:
        if one["relationshipType"] == kind:
            yield one["relatedSpdxElement"] if one["spdxElementId"] == PROGRAM else one["spdxElementId"]


def names(document, kind):
    known = {package["SPDXID"]: package["name"] for package in document["packages"]}
    return {known[one] for one in related(document, kind)}


@rule
def it_is_valid_spdx():
    document = json.loads(written())
    jsonschema.Draft202012Validator(DOCUMENT).validate(document)
    ids = [package["SPDXID"] for package in document["packages"]]
    assert len(ids) == len(set(ids)), "an identifier is used twice"
    ends = {end for one in document["relationships"] for end in (one["spdxElementId"], one["relatedSpdxElement"])}
    assert ends == {*ids, "SPDXRef-DOCUMENT"}, "a package stands apart, or is missing"
    assert list(related(document, "DESCRIBES")) == ["SPDXRef-DOCUMENT"]


@rule
def it_names_the_program_by_its_build():
    own = json.loads(written())["packages"][0]
    notes = subprocess.run(["readelf", "-nW", BINARY], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Build ID: (\w+)", notes)[1] in own["comment"], own
    assert own["licenseDeclared"] == "MIT" and "msnpgate authors" in own["copyrightText"], own


@rule
def every_library_and_header_is_in_it_as_it_is_installed():
    document = json.loads(written())
    linked = names(document, "DYNAMIC_LINK")
    for library in ("libssl3", "libboost-json1.81.0", "libtomlplusplus3", "libpcap0.8", "libnftnl11", "libmnl0",
                    "libzstd1", "libstdc++6", "libc6"):
        assert library in linked, f"{library} is not in {sorted(linked)}"
    needed = re.findall(r"NEEDED.*\[(.+)\]", subprocess.run(["readelf", "-dW", BINARY], check=True, capture_output=True,
                                                           text=True).stdout)
    assert len(linked) <= len(needed), f"{linked} for {needed}"
    headers = names(document, "BUILD_DEPENDENCY_OF")
    assert {"libcli11-dev", "libboost1.81-dev", "libtomlplusplus-dev"} <= headers, sorted(headers)
    assert names(document, "BUILD_TOOL_OF"), "no compiler"
    for package in document["packages"][1:]:
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", package["name"]], check=True,
                                   capture_output=True, text=True).stdout.splitlines()
        assert package["versionInfo"] in installed, package


@rule
def licences_that_are_certain_are_told_and_others_are_not_claimed():
    declared = {package["name"]: package["licenseDeclared"] for package in json.loads(written())["packages"]}
    assert declared["libssl3"] == "Apache-2.0", declared
    assert declared["libcli11-dev"] == "BSD-3-Clause", declared
    assert declared["libboost1.81-dev"] == "BSL-1.0", declared
    assert declared["libc6"] == "NOASSERTION", "its copyright file is not for machines"


@rule
def the_same_build_gives_the_same_bytes():
    first = written()
    assert first == written(TZ="Pacific/Chatham", LC_ALL="de_DE.UTF-8")
    assert json.loads(first)["creationInfo"]["created"] == "2026-11-23T02:13:20Z"
    later = json.loads(written("1795400001"))
    assert later["documentNamespace"] == json.loads(first)["documentNamespace"], "the time is not what it is about"


if __name__ == "__main__":
    sys.exit(main())
