# Policy zones (RPZ): why a new version is not used yet.

zone-file-unread = could not read { $path }: { $error }
zone-too-large = the file has more than { $most } octets
zone-not-a-zone = not a zone but { $found }
zone-empty = there is no rule in it ({ $refused } lines are broken)
zone-shrunk = it shrank from { $was } to { $is } records
zone-not-fetched = could not fetch the zone ({ $why })
zone-not-kept = could not keep the zone: { $error }
zone-panicked = a fault of the program while the zone was renewed; please report it

primary-connect = could not connect: { $error }
primary-ask = could not ask: { $error }
primary-read = could not read the answer: { $error }
primary-slow = it takes longer than { $seconds } s

transfer-malformed = the answer is not a DNS message
transfer-mismatch = the answer is not one to our question
transfer-rcode = the server says { $rcode }
transfer-refused = the server says REFUSED; does it let us transfer?
transfer-not-auth = the server says NOTAUTH; does it have the zone, and know our key?
transfer-tsig = the answer is not believed: { $why }
transfer-no-soa = the answer does not begin with a SOA
transfer-order = the records are in no order that a transfer has
transfer-out-of-step = the changes are to another state of the zone than ours
transfer-too-long = more than { $most } records

tsig-unsigned = it is not signed (TSIG)
tsig-malformed = its signature (TSIG) cannot be read
tsig-key = it is signed with another key
tsig-signature = its signature (TSIG) is wrong; do both sides have the same secret?
tsig-time = it was signed at another time; do both clocks go right?
tsig-server-key = the server does not know our key (BADKEY)
tsig-server-signature = the server finds our signature wrong (BADSIG); do both sides have the same secret?
tsig-server-time = the server finds our time wrong (BADTIME)
