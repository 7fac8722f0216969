# Lists: why a newer copy is not in use.
content-html = a web page (HTML)
content-git-lfs = a Git LFS pointer, not the file itself
content-gzip = a gzip file
content-archive = an archive (unpack it first; only .gz is read as it is)
content-utf16 = UTF-16 text (save it as UTF-8)
content-base64 = base64 text
content-json = JSON
content-binary = binary data
content-zeros = nothing but zero octets (its content is lost, as by a power cut)
content-addresses = a list of IP addresses (for a firewall)
content-not-names = rules for a browser or a proxy, not names

gate-empty = the list is empty
gate-says-empty = the list says itself that it has no entries
gate-shrunk = the list shrank from { $was } to { $is } rules
gate-grown = the list grew from { $was } to { $is } rules
gate-not-a-list = not a list of names but { $found }
gate-hits-protected = the list names { $names } protected names
gate-too-many-refused = { $refused } of { $of } entries are broken
gate-too-many-names = { $more } entries more than the list may have

fetch-address = the address “{ $url }” is neither https:// nor file://
fetch-proxy = the proxy of the config cannot be used
fetch-not-encrypted = the server leads to an http:// address; refused, since anybody on the way could change the list
fetch-status = the server answers { $code }
fetch-packing = the list is packed as “{ $how }”, and only gzip is read
fetch-slow = the time limit passed
fetch-too-large = the text has more than { $most } octets ([lists] max_size)
fetch-broken = the download broke off: { $error }
fetch-no-address = no address was found of the server { $host }
fetch-certificate = the server's certificate is of no CA that is trusted, or not for its name; a CA of one's own is named in [lists] ca_file
fetch-network = the server could not be reached
fetch-network-why = the server could not be reached: { $error }
fetch-no-file = there is no file { $path }
fetch-file = the file { $path } could not be read: { $error }
fetch-disk = the list could not be written to the disk: { $error }

refresh-fetch = could not fetch the list: { $why }
refresh-read = could not read the list: { $error }
refresh-refused = refused: { $why }
refresh-busy = another update of the list is under way
refresh-store = could not keep the list: { $error }
