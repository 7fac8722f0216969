# What needs a look, as the server tells it.

config-wrong = the config has mistakes
config-unread = the config cannot be read
config-no-right = files that the config names may not be read
config-mistakes = { $wrong }, the old one stays in use:{ $mistakes }
config-last-good = { $wrong }, the last good one is in use:{ $mistakes }
config-in-part = { $wrong }, only what can be read of it is in use:{ $mistakes }
config-defaults = { $wrong }, the defaults are in use:{ $mistakes }
config-not-kept = could not keep the config for the next start in { $folder }: { $error }
state-held = { $program } uses the state folder { $folder }; this server answers and filters, but writes nothing there and keeps its counts in memory; stop one of the two, or give this one another [state] folder
state-not-usable = could not use the state folder { $folder }: { $error }
index-not-built = could not build the index: { $error }
index-not-written = could not write the index { $path }, it is kept in memory only: { $error }
world-not-built = could not put the config into force: { $error }

clock-wrong = the system clock is wrong: it shows { $shows }, { $why }; set it, check NTP and the clock's battery; meanwhile names of time servers are answered without DNSSEC validation
clock-before-release = before this program was released ({ $released })
clock-before-seen = before a time that was proven ({ $seen }, file { $file })
clock-behind = before DNSSEC signatures begin
clock-ahead = after DNSSEC signatures end
clock-leapt = the clock leapt, the journal deletes nothing yet, check date and time

answers-fail = most questions of the last minutes got no answer: { $why }
forwarder-without-signatures = { $name } sends no signatures; use another or write `dnssec = false`
remedy-denying = the forwarder says of every name that it does not exist; use another
remedy-unreachable = no server can be reached; check the cable, the line, the firewall (port 53 outwards), and the forwarders' addresses and ports
remedy-refused = the servers outside refuse; ask who runs them, or use another forwarder
remedy-failing = the servers outside report errors; try another forwarder
remedy-distrusted = the forwarder's certificate is not to be trusted; check the name behind the #, [resolve] ca_file and the clock
remedy-nonsense = answers from outside cannot be used; does a device on the line change DNS?
remedy-signature-expired = DNSSEC signatures have expired; check this machine's clock
remedy-signature-not-yet-valid = DNSSEC signatures are not valid yet; check this machine's clock
remedy-signatures-missing = DNSSEC signatures are missing; use another forwarder, or write `dnssec = false` for it
remedy-bogus = data fails DNSSEC validation; does a device on the line, or the forwarder, change answers?
remedy-busy = too many questions wait at a time; look for a machine that asks too much, or a slow line

cause-unreachable = no server reachable
cause-refused = servers refuse
cause-failing = servers report errors
cause-distrusted = bad certificate
cause-nonsense = unusable answers
cause-signature-expired = signatures expired
cause-signature-not-yet-valid = signatures not valid yet
cause-signatures-missing = signatures missing
cause-bogus = bogus
cause-busy = overload

listens-nowhere = could not listen on any address:{ $troubles }
listener-trouble = { $address } ({ $transports }): { $what }
listens-instead = { $what }; listening on { $at }
tried-again = { $what }; trying again
start-again = { $what }; stop it or correct [listen] dns, then start again
address-gone = this machine no longer has the address: nobody can ask there
port-forbidden = no right to open ports below 1024: run it as a system service, or grant CAP_NET_BIND_SERVICE
port-in-use = another program holds the port
port-held = { $program } holds { $address }
port-held-by-resolved = { $program } holds { $address }; write DNSStubListener=no into /etc/systemd/resolved.conf and run systemctl restart systemd-resolved
program = { $name } (process { $process })
another-program = another program
address-not-here = this machine does not have the address (yet)
not-opened = could not open: { $error }

trouble-of = { $of }: { $what }
state-and-failure = { $state }; { $failure }
no-copy-yet = no copy yet
zone-expired = expired, its rules stay in force
list-damaged-in-force = the kept copy is damaged or gone; its rules stay in force, fetching it again
list-damaged = not in force: the kept copy is damaged or gone, fetching it again
list-not-in-force = not in force

journal-failing = the journal cannot be stored, since { $since }: { $what }
journal-in-use = { $path } is in use by another lachan
journal-newer = { $path } was written by a newer program (version { $found }, this one knows up to { $known }); use the newer one, or another folder
journal-older = { $path } is of the older version { $found } ({ $known } is needed): start the server once
journal-not-ours = { $path } is a database of another program
journal-absent = { $path } does not exist: nothing has been stored yet
journal-damaged = the journal is damaged
journal-not-opened = the journal's file cannot be opened
journal-panicked = a bug in the program, please report it
list-in-memory = { $id }: in memory only, since the disk does not take it
journal-ended = the journal has stopped storing: restart the service, and please report it
journal-lost = the journal before { $at } was lost or damaged: figures of before are incomplete
journal-put-aside = damaged journal put aside at { $path }
journal-moved = the journal's file was removed or replaced at { $at }, a new one was begun
journal-crowded = a device asks for very many different blocked names, { $attempts ->
    [one] one attempt is
   *[other] { $attempts } attempts are
  } kept under their domain only
journal-names-given = journal full, { $rows ->
    [one] one row
   *[other] { $rows } rows
  } of the devices that ask most lost their names
journal-cut = journal full, { $rows ->
    [one] the oldest row
   *[other] { $rows } oldest rows
  } went before their time
journal-over-cap = journal over its size cap
panics = a bug in the program ({ $count ->
    [one] once
   *[other] { $count } times
  }), please report it
zone-unanswered = no server answers for the zone { $zone }: { $servers }
nobody-answers = no name server answers, is the line up?

only-starter-lists = only the starter lists ({ $version }) filter; add lists with [[list]]
refused-inside = { $queries } queries from private networks were refused; add the network to [access] allow
unknown-clients = { $queries } queries of clients of no group were filtered by the strictest tier; add the network to a [[group]]
rebound-many = addresses inside were taken out of { $answers } answers; if the names are the school's own, write them into [resolve] private_names, or forward their zone
one-address-for-all = { $domains } domains all have one and the same address; does the line ask for a login, or is it unpaid?
shed-now = { $queries } { $queries ->
    [one] query was
   *[other] queries were
  } turned away for want of places; look for a machine that asks too much, or raise [listen] in_flight
recommended-coming = recommended lists: { $done } of { $of } in force, the others are being fetched; the starter lists filter from the first
recommended-failed = recommended lists: { $done } of { $of } in force, { $failed } could not be fetched ({ $why }); they are tried again. A school without internet writes in [lists] mirror = "FOLDER" (lachan lists snapshot) or recommended = false
