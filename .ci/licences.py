"""Every crate that we link must have a licence that goes with MIT OR Apache-2.0, and a known origin.

Reads `cargo metadata` only, so it works without a network. Advisories need a database from outside;
where `cargo audit` or `cargo deny` and its database are installed, run them as well.
"""

import json
import re
import subprocess
import sys

# Licences that ask for no more than their own text. MPL-2.0 covers single files and is unchanged here.
GOOD = {
    "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "ISC",
    "0BSD", "Zlib", "Unlicense", "CC0-1.0", "Unicode-3.0", "BSL-1.0", "MPL-2.0", "CDLA-Permissive-2.0",
    "OpenSSL", "LGPL-2.1-or-later",
}


def acceptable(expression: str) -> bool:
    """SPDX expressions as crates write them: OR of ANDs, with `/` for OR in old ones."""
    text = expression.replace("/", " OR ").replace("(", " ").replace(")", " ")
    choices = re.split(r"\s+OR\s+", text.strip())
    return any(all(part.strip() in GOOD for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def main() -> int:
    out = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], check=True, capture_output=True, text=True
    )
    packages = json.loads(out.stdout)["packages"]
    bad = []
    for package in packages:
        name = f'{package["name"]} {package["version"]}'
        licence = package.get("license") or ""
        if not acceptable(licence):
            bad.append(f"{name}: licence {licence or 'none'}")
        source = package.get("source")
        if source is not None and not source.startswith("registry+"):
            bad.append(f"{name}: comes from {source}")
    print(f"{len(packages)} crates looked at, {len(bad)} not acceptable")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
