-- The journal's store, version 3. Version 2 had no services (Zalo and YouTube were categories 21 and 23); version 1
-- kept a row an event and names in a table of their own. `upgrade` leads from both. A change is a new file with a
-- way from here.

CREATE TABLE grp (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- What few values make up, so that a row carries one small number for all seven.
-- grp 0: not kept; list 0: none; category -1: none, else the bit; service 0: none.
CREATE TABLE kind (
    id INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL, tier INTEGER NOT NULL, category INTEGER NOT NULL, service INTEGER NOT NULL,
    list INTEGER NOT NULL, layer INTEGER NOT NULL, effect INTEGER NOT NULL,
    UNIQUE (tier, category, service, grp, list, layer, effect)
) STRICT;

-- What was counted in a second: all that a second writes. Folded into blocks when its minute is over; mark
-- `folded` is the last id of which that is done, and those before it stay a while for who follows.
-- id: the batch's number times 16, plus its part. month: of its first minute, as in `month`. stored: seconds since 1970. first, last: minutes since
-- 1970, UTC. body: a block (`journal::block`).
CREATE TABLE batch (
    id INTEGER PRIMARY KEY, stored INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    month INTEGER NOT NULL, rows INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;

-- Rows of one hour, in blocks of bounded size.
-- heaviest: rows of the device (or, where none is kept, the group) that has most of them.
-- sums: by minute and kind, so that totals need not read the body.
CREATE TABLE block (
    id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,
    rows INTEGER NOT NULL, heaviest INTEGER NOT NULL, sums BLOB NOT NULL, body BLOB NOT NULL
) STRICT;
-- With `rows`, so that counting them reads no block.
CREATE INDEX block_time ON block (first, last, rows);

-- hour: since 1970, UTC. Without the batches that are not folded yet.
-- visits: pairs of name and device in a minute; -1: not known (kept by version 1). devices: different ones.
CREATE TABLE hour (
    hour INTEGER NOT NULL, kind INTEGER NOT NULL,
    count INTEGER NOT NULL, visits INTEGER NOT NULL, devices INTEGER NOT NULL,
    PRIMARY KEY (hour, kind)
) STRICT, WITHOUT ROWID;

-- month: of the school's calendar, 202611. As `hour`.
CREATE TABLE month (
    month INTEGER NOT NULL, kind INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (month, kind)
) STRICT, WITHOUT ROWID;

-- The most asked names of a day, from the events that are no longer kept.
CREATE TABLE name_day (
    day INTEGER NOT NULL, kind INTEGER NOT NULL, name BLOB NOT NULL,
    count INTEGER NOT NULL, devices INTEGER NOT NULL,
    PRIMARY KEY (day, kind, name)
) STRICT, WITHOUT ROWID;

-- Numbers that the store remembers: `folded`, `merged_until`, `clock`, `future_since`.
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Who read rows with devices, when (seconds since 1970), with which filter, and how many.
CREATE TABLE access (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, who TEXT NOT NULL, filter TEXT NOT NULL, rows INTEGER NOT NULL
) STRICT;
