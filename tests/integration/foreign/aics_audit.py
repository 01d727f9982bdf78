"""Runs under its own Python (3.12 or newer) with nothing but aics-tlog: audits URL with VKEY, exits 0 or 1."""

import sys

from aics_tlog import HttpTileReader, audit_tiles, verify_checkpoint
from aics_tlog.note import parse_note, parse_vkey


def main(url: str, vkey: str) -> int:
    reader = HttpTileReader(url, proxies={})
    result = verify_checkpoint(parse_note(reader.read_checkpoint().decode()), parse_vkey(vkey))
    if not result.ok:
        print("refused:", result.error)
        return 1
    assert result.size is not None
    assert result.root is not None
    try:
        report = audit_tiles(reader, result.size, result.root)
    except Exception as error:
        print("refused:", error)
        return 1
    print("ok", report.size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
