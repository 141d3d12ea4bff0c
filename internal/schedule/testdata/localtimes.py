#!/usr/bin/env python3
"""Records what local times mean, by Python's zoneinfo, for localtimes_test.go.

    python3 internal/schedule/testdata/localtimes.py

reads zoneinfo.zip beside it and writes localtimes.txt. Neither is needed to run
the tests, which compare with the recorded file.

zoneinfo.zip is lib/time/zoneinfo.zip of Go 1.26.8: the IANA time zone database
2025c, which is in the public domain. Both sides read it and nothing else, so
that the comparison says the same on every machine. Of its names, Factory is left
out: the product refuses it, as it is not a place.

The clocks of every zone are followed from 2020 to 2037, and wherever they are
set, a line is written. Zones that agree on every line share them:

    zones Europe/Berlin Europe/Paris ...
    gap 2020-03-29T02:00:00 3600 3600 3600 3600 3600 7200
    overlap 2020-10-25T02:00:00 3600 7200 7200 7200 7200 3600
    plain 2028-12-31T12:00:00 0 3600

A line says where the gap or overlap begins by the clock on the wall, its length
in seconds, and then offsets from UTC in seconds: of the local times a second
before it, at its start, in its middle, a minute before its end, and at its end;
UTC is the local time less the offset. The middle is rounded down to a second.
Plain is a single time that is neither, on days at the ends of years.

The offsets are those that zoneinfo gives for fold=0: in a gap the one before the
gap, in an overlap that of the first of the two.
"""

import pathlib
import tempfile
import zipfile
import zoneinfo
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).parent
FIRST, BEHIND = datetime(2020, 1, 1), datetime(2038, 1, 1)
STEP = timedelta(hours=3)  # no zone sets its clocks twice within it
SECOND = timedelta(seconds=1)
PLAIN = [datetime(year, *rest) for year in (2024, 2027, 2028, 2037, 2040) for rest in ((12, 31, 12), (12, 31, 23, 59, 59))]


def offset(moment, zone):
    """The offset at a moment, which is given in UTC without a zone."""
    return moment.replace(tzinfo=timezone.utc).astimezone(zone).utcoffset()


def turns(zone):
    """The moments in UTC at which the offset changes, with both offsets."""
    at, before = FIRST, offset(FIRST, zone)
    while at < BEHIND:
        low, high = at, at + STEP
        after = offset(high, zone)
        if after != before:
            while high - low > SECOND:
                middle = low + (high - low) // 2 // SECOND * SECOND
                if offset(middle, zone) == before:
                    low = middle
                else:
                    high = middle
            yield high, before, after
        at, before = at + STEP, after


def recorded(kind, start, length, probes, zone):
    offsets = (p.replace(tzinfo=zone, fold=0).utcoffset() for p in probes)
    words = [kind, start.isoformat(), *(str(s // SECOND) for s in (length, *offsets))]
    return " ".join(words)


def lines(zone):
    for moment, before, after in turns(zone):
        start, end = sorted((moment + before, moment + after))
        length = end - start
        probes = (start - SECOND, start, start + length // 2 // SECOND * SECOND, end - timedelta(minutes=1), end)
        yield recorded("gap" if after > before else "overlap", start, length, probes, zone)
    for time in PLAIN:
        yield recorded("plain", time, timedelta(0), [time], zone)


def main():
    alike = {}
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(HERE / "zoneinfo.zip") as archive:
        archive.extractall(place)
        zoneinfo.reset_tzpath(to=[place])
        for name in sorted(set(archive.namelist()) - {"Factory"}):
            found = tuple(lines(zoneinfo.ZoneInfo(name)))
            alike.setdefault(found, []).append(name)
    with open(HERE / "localtimes.txt", "w", encoding="ascii") as out:
        for found, names in alike.items():
            print("zones", *names, file=out)
            print(*found, sep="\n", file=out)


if __name__ == "__main__":
    main()
