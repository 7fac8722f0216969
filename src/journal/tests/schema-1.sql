-- The journal's store, version 1. A change is a new file, `schema-2.sql`, that leads from here.

CREATE TABLE grp (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- What few values make up, so that a row carries one small number for all six.
-- grp 0: not kept; list 0: none; category -1: none, else the bit.
CREATE TABLE kind (
    id INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL, tier INTEGER NOT NULL, category INTEGER NOT NULL,
    list INTEGER NOT NULL, layer INTEGER NOT NULL, effect INTEGER NOT NULL,
    UNIQUE (tier, category, grp, list, layer, effect)
) STRICT;

-- key: labels with their length octets from the top (3 com 7 example), so that a subtree is a range.
-- hour: the last in which an event named it; once all events kept are newer, the name may go.
-- Id 0, which has no row: not kept.
CREATE TABLE name (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, hour INTEGER NOT NULL) STRICT;

-- minute: since 1970, UTC. device: 8 octets a pseudonym, 4 or 16 an address, none not kept.
-- seq: the batch that changed it last, for those who follow.
CREATE TABLE event (
    minute INTEGER NOT NULL, kind INTEGER NOT NULL, name INTEGER NOT NULL,
    device BLOB NOT NULL, rtype INTEGER NOT NULL,
    count INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (minute, kind, name, device, rtype)
) STRICT, WITHOUT ROWID;

-- hour: since 1970, UTC. count is kept with every batch; devices when the hour is over.
CREATE TABLE hour (
    hour INTEGER NOT NULL, kind INTEGER NOT NULL,
    count INTEGER NOT NULL, devices INTEGER NOT NULL,
    PRIMARY KEY (hour, kind)
) STRICT, WITHOUT ROWID;

-- month: of the school's calendar, 202611.
CREATE TABLE month (
    month INTEGER NOT NULL, kind INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (month, kind)
) STRICT, WITHOUT ROWID;

-- The most asked names of a day, from the events that are no longer kept.
CREATE TABLE name_day (
    day INTEGER NOT NULL, kind INTEGER NOT NULL, name INTEGER NOT NULL,
    count INTEGER NOT NULL, devices INTEGER NOT NULL,
    PRIMARY KEY (day, kind, name)
) STRICT, WITHOUT ROWID;

-- The last batches stored: none is stored twice, and those who follow know where to look.
CREATE TABLE batch (seq INTEGER PRIMARY KEY, stored INTEGER NOT NULL, oldest INTEGER NOT NULL) STRICT;

-- Numbers that the store remembers: `events`, `devices_until`, `names_day`.
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Who read rows with devices, when (seconds since 1970), with which filter, and how many.
CREATE TABLE access (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, who TEXT NOT NULL, filter TEXT NOT NULL, rows INTEGER NOT NULL
) STRICT;
