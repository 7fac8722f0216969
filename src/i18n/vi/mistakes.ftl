# lachan config check, lachan config init: điều sai trong tệp cấu hình, và câu hỏi khi tạo tệp.

# clash
clash-overlap = dải { $range } thuộc cả nhóm "{ $first }" và nhóm "{ $second }"
clash-overlap-group-first = nhóm "{ $first }"
clash-overlap-fix = để dải ở một nhóm, hoặc chia nhỏ nó (dải nhỏ hơn thắng dải lớn hơn)
clash-duplicate = { $noun } `{ $found }` có hai lần
noun-the-first = lần đầu
clash-taken = tên `{ $found }` chương trình đã dùng
clash-taken-fix = chọn tên khác
clash-not-with = `{ $key }` không đi cùng `{ $other }`
clash-not-with-fix = bỏ `{ $key }` hoặc `{ $other }`
clash-nobody-to-ask = mode = "forward" nhưng không có máy chủ nào cho vùng "."
clash-nobody-to-ask-fix = thêm [[resolve.forward]] với zone = "." và servers = ["…"], hoặc dùng mode = "recursive"
clash-nothing-to-recurse = vùng "." chuyển tiếp mọi câu hỏi, nhưng mode = "recursive"
clash-nothing-to-recurse-fix = đặt mode = "forward", hoặc bỏ vùng "."
clash-no-allow-set = "{ $who }" chỉ mở tập cho phép, nhưng chưa có tập nào
clash-no-allow-set-fix = thêm allow_sets = ["learning"]
clash-laxer = { $younger } được mở nhóm mà { $older } bị chặn: { $list }
clash-laxer-fix = thêm vào `blocked`; nếu cố ý thì ghi vào `laxer_than_older`
clash-laxer-older-blocks-it = { $older } chặn
clash-page = `page` chỉ dùng khi answer = "page"
clash-page-answer-page-needs = answer = "page" cần địa chỉ của trang chặn
clash-page-fix = thêm page = ["192.0.2.10"]
clash-open-resolver = `{ $found }` cho cả Internet hỏi: máy chủ sẽ bị lợi dụng để tấn công
clash-open-resolver-fix = ghi các dải địa chỉ của trường
clash-kept-shorter = `{ $shorter }` ngắn hơn `{ $longer }`
clash-kept-shorter-fix = đặt `{ $shorter }` dài ít nhất bằng `{ $longer }`
clash-asks-itself = `{ $found }` chính là máy chủ này: câu hỏi sẽ quay vòng
clash-tier-without-group = trường có cấp `{ $tier }` nhưng không nhóm nào thuộc cấp đó
clash-tier-without-group-fix = thêm [[group]] cho cấp này, hoặc bỏ nó khỏi `level`
clash-not-allowed = máy trong dải { $range } không được phép hỏi
clash-not-allowed-fix = thêm "{ $range }" vào `allow` của [access]
clash-rule-for-everything = quy tắc cho "." là cho mọi tên
clash-rule-for-everything-fix = đổi `mode` của nhóm thì đúng hơn
clash-both-ways = `{ $name }` vừa được mở vừa bị chặn cho cùng đối tượng
noun-allowed-here = mở ở đây
clash-fold-threats = không gộp `www.` với nhóm `{ $category }`: chỉ riêng www.x mới độc hại
clash-cname-and-more = `{ $name }` vừa là CNAME vừa có bản ghi khác
noun-the-other-record = bản ghi kia
clash-public-suffix = `{ $found }` là phần đuôi chung của rất nhiều trang, không phải một trang
clash-public-suffix-fix = ghi tên của trang, ví dụ `{ $example }`
clash-one-word = `{ $found }` chỉ là một từ: không trang nào trên mạng có tên như vậy
clash-one-word-fix = ghi đủ tên, ví dụ `facebook.com`
clash-always-open = `{ $found }` luôn mở: kiểm tra kết nối, giờ, chứng chỉ, cập nhật, giáo dục quốc gia
clash-always-open-fix = bỏ quy tắc này
clash-rule-for-nobody = quy tắc cho `{ $found }` không áp dụng cho nhóm máy nào
clash-rule-for-nobody-fix = sửa `tiers`, `groups` của quy tắc; quy tắc mở cho khách phải ghi tiers = ["guest"]
noun-rule = quy tắc
clash-never-decides = quy tắc chặn `{ $found }` không bao giờ có hiệu lực: cùng tên đã được mở
clash-never-decides-the-rule-for = quy tắc cho `{ $found }` thừa: quy tắc kia đã bao gồm
noun-the-other = quy tắc kia
clash-never-decides-fix = bỏ một trong hai, hoặc sửa scope, tiers, groups
clash-group-without-clients = nhóm "{ $group }" không có máy nào: mọi dải của nhóm đã nằm trong dải nhỏ hơn của nhóm khác
clash-group-without-clients-fix = sửa `from`, hoặc bỏ nhóm này
clash-unused-allow-set = tập cho phép `{ $found }` không nhóm nào, cấp nào dùng: nó không mở gì cả
clash-unused-allow-set-fix = ghi allow_sets = ["{ $found }"] ở nhóm có mode = "allow-only"; muốn mở một tên bị chặn thì dùng [school_rules] allow
clash-allow-set-without-mode = tập cho phép `{ $found }` chỉ dùng ở chế độ allow-only, mà nhóm này ở chế độ { $mode }
clash-allow-set-without-mode-fix = thêm mode = "allow-only", hoặc bỏ `allow_sets`
clash-answered-here = `{ $found }` do chính máy chủ trả lời, không qua quy tắc nào
clash-answered-here-fix = bỏ quy tắc này; tên của trường ở [[local]], tên báo hiệu của trình duyệt theo [resolve] canaries

# fill/group
noun-groups = nhóm
noun-mode = chế độ
noun-group = nhóm
noun-range = dải địa chỉ

# fill/list
noun-lists = danh sách
noun-list = danh sách
noun-kind-of-list = loại danh sách
noun-list-format = định dạng danh sách
noun-way-to-match-names = cách khớp tên

# fill/mod
noun-tier = cấp
noun-category = nhóm nội dung
noun-category-or-service = nhóm nội dung hay dịch vụ

# fill/policy
noun-treatment-of-clones = cách xử lý tên nhái
noun-answer-style = kiểu trả lời
noun-addresses-a-family = địa chỉ mỗi họ

# fill/resolve
noun-mode-of-resolution = cách phân giải
noun-mode-of-qname-minimisation = cách rút gọn tên
noun-treatment-of-sha-1 = cách xử lý chữ ký SHA-1
noun-name = tên
noun-local-zone-that-can = vùng nội bộ có thể nhường
noun-forward-zone = vùng chuyển tiếp
noun-servers = máy chủ
noun-server = máy chủ
noun-record = bản ghi
noun-record-type-for-local = loại bản ghi
noun-zone = vùng

# fill/rpz
noun-policy-zones = vùng chính sách
noun-policy-zone = vùng chính sách
noun-policy-of-a-zone = cách xử lý của vùng
noun-algorithm = thuật toán

# fill/rule
noun-rules = quy tắc
noun-scope = phạm vi

# fill/service
noun-tier-of-pupils = cấp học của học sinh
noun-language = ngôn ngữ
noun-way-to-refuse = cách từ chối
noun-address = địa chỉ
noun-way-to-keep-devices = cách ghi thiết bị

# init/lists
init-lists = Danh sách khởi đầu luôn có sẵn. Bộ khuyến nghị ({ $set } danh sách công khai, miễn phí) được tải thêm, mỗi ngày cập nhật; danh sách nào, vì sao: blocklists/recommended.toml
init-lists-fetch-the-recommended = Tải bộ khuyến nghị? c: có, k: không; hoặc ghi thêm id trong blocklists/catalogue.toml, cách nhau bằng dấu phẩy
init-lists-no-list-word = không có danh sách "{ $word }"{ $meant }
init-lists-at-most-most = nhiều nhất { $most } danh sách

# init/mod
init-interview = Tiếng Việt hay English? (vi, en)
init-interview-write-vi-or = ghi vi hoặc en
init-interview-name-of-the = Tên trường
init-interview-the-name-is = tên dài quá
init-levels = Các cấp học, cách nhau bằng dấu phẩy (mầm non, tiểu học, THCS, THPT)
init-levels-primary = tiểu học
init-levels-no-level-word = không có cấp "{ $word }"
init-levels-at-least-one = cần ít nhất một cấp
init-state = Thư mục lưu nhật ký và danh sách (auto: chương trình tự chọn)
init-state-write-an-absolute = ghi đường dẫn đầy đủ

# init/networks
init-networks = Dải địa chỉ, ví dụ 10.10.1.0/24 (để trống: xong)
init-networks-no-network-has = Không mạng nào có học sinh: bỏ các mạng, mọi máy theo một cấp.
init-range = Dải địa chỉ; máy này đang ở mạng { $net } ({ $interface }) (-: không dùng mạng đó)
init-confirmed = Ý bạn là cả mạng { $net }? (c/k)
init-confirmed-y = c
init-confirmed-write-y-yes = ghi c (có) hoặc k (không)
init-fits = { $net } đã có
init-fits-then-the-network = như vậy thì mạng "{ $name }" không còn máy nào: dải nhỏ hơn thắng dải lớn hơn
init-network = Mạng { $number }
init-network-name-of-the = Tên mạng
init-network-choose-another-name = chọn tên khác
init-network-whom-it-is = Dành cho ai (mầm non, tiểu học, THCS, THPT, giáo viên, khách, thiết bị)
init-network-no-tier-answer = không có cấp "{ $answer }"
init-ranges = "{ $word }" không phải dải địa chỉ; ghi 192.168.1.0/24, 192.168.1.x hoặc 192.168.1.10-50

# init/servers
init-servers = Tự phân giải (để trống), hoặc chuyển tiếp cho máy chủ nào, ví dụ 192.0.2.53, tls://192.0.2.53#dns.example
init-servers-write-meant = viết { $meant }
init-servers-written-is-not = "{ $written }" không phải địa chỉ máy chủ, ghi ví dụ 192.0.2.53
init-servers-at-most-most = nhiều nhất { $most } máy chủ
init-domain = Máy chủ này nằm trong trường. Tên miền nội bộ (Active Directory), ví dụ truong.local (để trống: không có)
init-domain-write-the-school = ghi tên miền của trường
init-domain-why-meant = { $why }{ $meant }

# say
say-unreadable = không đọc được tệp { $path }: { $cause }
say-unreadable-fix = xem lại đường dẫn; đường dẫn tương đối tính từ thư mục của tệp cấu hình
say-no-right-fix = cấp quyền đọc (chown hoặc chmod), hoặc chạy lệnh bằng người dùng của dịch vụ hay root (sudo)
say-lost = tệp trống (0 byte), có thể do mất điện khi đang ghi
say-lost-the-file-is = tệp toàn byte 0, nội dung đã mất (thường do mất điện khi đang ghi)
say-lost-from-here-on = từ đây tệp toàn byte 0, phần nội dung này đã mất (thường do mất điện khi đang ghi)
say-lost-fix = chép lại tệp từ bản sao lưu, hoặc từ mục `text` trong last-good/config.json của thư mục trạng thái
say-too-large = tệp lớn hơn { $max } byte, không phải tệp cấu hình
say-not-utf8 = tệp lưu bằng UTF-16 (Notepad gọi là Unicode)
say-not-utf8-the-file-is = tệp không phải văn bản UTF-8
say-not-utf8-fix = lưu lại tệp với bảng mã UTF-8
say-unknown-key = không có mục `{ $key }` ở đây
say-missing-key = thiếu mục `{ $key }`
say-missing-key-fix = thêm `{ $key } = …`
say-wrong-type-fix = viết `{ $fix }`
say-unknown-value = không có { $noun } `{ $found }`
say-out-of-range = { $found } nằm ngoài khoảng cho phép
say-empty = `{ $key }` không được để trống
say-too-many = quá nhiều { $what } (nhiều nhất { $max })
say-bad-duration = `{ $found }` không phải khoảng thời gian
say-bad-duration-fix = viết một số kèm đơn vị
say-bad-size = `{ $found }` không phải dung lượng
say-bad-size-fix = viết một số kèm đơn vị
say-bad-address = `{ $found }` không phải địa chỉ hợp lệ
say-port-zero = cổng 0 không dùng được
say-bad-range = `{ $found }` không phải dải địa chỉ
say-host-bits = `{ $found }` là một máy kèm độ dài mạng, không phải một mạng
say-host-bits-fix = viết `{ $network }` cho cả mạng, hoặc `{ $host }` cho một máy
say-root-is-no-zone = gốc "." không thể là vùng chính sách
say-ambiguous-port = `{ $found }` là một địa chỉ IPv6 không kèm cổng
say-ambiguous-port-fix = muốn kèm cổng thì viết `{ $meant }`; nếu đúng là địa chỉ thì viết `[{ $found }]`
say-bad-day = `{ $found }` không phải một ngày
say-bad-url = `{ $found }` không phải địa chỉ tải danh sách
say-bad-url-fix = dùng https; tệp trên máy thì ghi ở `file`
say-plain-http = `{ $found }` tải qua http, ai trên đường truyền cũng sửa được danh sách
say-plain-http-fix = dùng https (CA riêng: [lists] ca_file); máy chủ nội bộ không có https: thêm `insecure = true` cho danh sách này
say-bad-record = dữ liệu của bản ghi { $rtype } không đúng
say-unknown-source = danh mục nguồn không có `{ $found }`
say-unknown-allow-set = không có tập cho phép `{ $found }`
say-unknown-allow-set-a-set-of = tập của trường là một [[list]] với kind = "allow"
say-unknown-group = không có nhóm `{ $found }`
say-sealed-category = nhóm `{ $found }` chỉ nhận tên từ gói có chữ ký
say-every = `{ $found }`: khoảng tải phải từ { $min } đến { $max }
say-version = chương trình không biết phiên bản cấu hình { $found }
say-bad-time-zone = không có múi giờ `{ $found }`
say-bad-id = `{ $found }` không dùng làm id của danh sách được
say-bad-id-fix = không dùng chữ đầu `starter-`, `protected-`, `school`
say-bad-secret = tệp { $found } không chứa khoá bí mật dạng base64
say-bad-secret-fix = tạo bằng `tsig-keygen`, hoặc chép phần `secret` từ máy chủ chính
say-bad-percent = `{ $found }` không phải tỉ lệ phần trăm
say-bad-proxy = `{ $found }` không phải máy chủ trung gian

# syntax
syntax-explain = lần đầu
syntax-a-curly-quote-character = dấu ngoặc kép cong { $character }: Word, Zalo hay điện thoại tự đổi khi gõ
syntax-type-straight-quotes-instead = gõ lại bằng dấu ngoặc kép thẳng " (Notepad, nano)
syntax-a-strange-space-or = khoảng trắng lạ hoặc ký tự không nhìn thấy ({ $code }), thường do chép từ trang web hay Word
syntax-delete-it-and-type = xoá đi rồi gõ lại dấu cách thường
syntax-the-character-character-code = ký tự `{ $character }` ({ $code }) nằm ngoài dấu ngoặc kép
syntax-keys-are-of-a = tên mục chỉ gồm a–z, 0–9, _ và -; chữ thì đặt trong dấu ngoặc kép "…"
syntax-this-table-is-there = bảng này đã có ở trên
syntax-join-the-two-for = gộp hai bảng làm một; nhiều nhóm, nhiều danh sách thì ghi hai ngoặc: [[group]], [[list]]
syntax-this-key-is-in = mục này đã có trong bảng
syntax-keep-one-of-the = chỉ giữ một dòng
syntax-the-table-s-name = tên bảng thiếu dấu `]`
syntax-write-resolve-or-group = viết `[resolve]` hoặc `[[group]]` trên một dòng riêng
syntax-the-list-opened-above = danh sách mở ở dòng trên{ $opened } chưa có dấu `]`
syntax-add-where-the-list = thêm `]` vào cuối danh sách
syntax-a-comma-is-missing = thiếu dấu phẩy giữa hai giá trị
syntax-write-a-b-or = viết ["a", "b"] hoặc {"{"} name = "a", by = "b" {"}"}
syntax-there-is-a-comma = thừa dấu phẩy
syntax-delete-it = xoá dấu phẩy thừa
syntax-the-table-is-not = bảng trên một dòng `{"{"} … {"}"}` viết chưa đúng hoặc thiếu dấu `{"}"}`
syntax-write-name-a-by = viết {"{"} name = "a", by = "b" {"}"}
syntax-a-in-quotes-has = dấu `\` trong ngoặc kép có nghĩa riêng
syntax-write-or-use-single = viết \\, hoặc dùng ngoặc đơn: 'C:\lists'
syntax-a-text-lacks-its = chuỗi chưa đóng dấu ngoặc kép, hoặc có ký tự điều khiển
syntax-add-where-the-text = thêm " vào cuối chuỗi
syntax-this-line-lacks-its = dòng này thiếu giá trị
syntax-write-key-value = viết `tên_mục = "giá trị"`
syntax-text-stands-in-quotes = chữ phải nằm trong dấu ngoặc kép
syntax-write-value = viết "{ $value }"
syntax-lines-end-in-cr = dòng kết thúc bằng CR (kiểu máy cũ)
syntax-save-the-file-with = lưu lại tệp với kiểu xuống dòng của Windows hoặc Linux
syntax-this-key-has-another = mục này đã có giá trị khác ở trên, không thể là bảng nữa
syntax-remove-one-of-the = xoá một trong hai; nhiều nhóm thì ghi [[group]]
syntax-this-line-lacks-its-or = dòng này thiếu dấu `=` hoặc thiếu giá trị
syntax-write-key-value-a = viết `tên_mục = "giá trị"`; ghi chú thì bắt đầu bằng #
syntax-there-is-a-too = thừa dấu `=`
syntax-one-key-a-line = mỗi dòng một mục: `tên_mục = "giá trị"`
syntax-this-is-not-how = tên mục viết chưa đúng
syntax-keys-are-of-a-z = tên mục chỉ gồm a–z, 0–9, _ và -
syntax-this-is-not-how-a = số viết chưa đúng
syntax-write-a-whole-number = viết số nguyên, ví dụ 53; kèm đơn vị thì đặt trong ngoặc kép: "30s"
syntax-look-at-quotes-commas = xem dấu ngoặc kép, dấu phẩy, dấu = ở dòng này và dòng ngay trước

# Sentences with parts of their own.
clash-none-of = phải có một trong `{ $keys }`
clash-more-than-one-of = chỉ được có một trong `{ $keys }`
say-no-right = không đọc được tệp { $path }: người dùng { $me } không có quyền ({ $whose })
say-no-right-owner = tệp của { $owner }, quyền { $mode }
say-no-right-on-the-way = không vào được thư mục chứa tệp
kind-text = chuỗi trong ngoặc kép
kind-boolean = true hoặc false
kind-integer = số nguyên
kind-list = danh sách [ … ]
kind-table = một bảng [ … ]
kind-other = { $kind }
say-wrong-type = phải là { $kind }
prefix-form = không phải tiền tố IPv6
prefix-length = độ dài phải là 32, 40, 48, 56, 64 hoặc 96 (RFC 6052 §2.2)
prefix-host-bits = có bit nằm sau độ dài
prefix-u = các bit 64–71 phải bằng 0 (RFC 6052 §2.2)
say-bad-translation-prefix = `{ $found }` không dùng làm tiền tố DNS64 được: { $why }
say-refused = không dùng được: { $why }
say-cannot-be-read = giá trị không đọc được ({ $why })
syntax-not-toml = không đúng cú pháp TOML ({ $why })
init-networks-none = Các mạng của trường. Không ghi mạng nào: mọi máy theo cấp { $level }.
init-networks-level-without = Chưa có mạng cho cấp { $level }. Dải địa chỉ (để trống: bỏ cấp này)
written-head = Cấu hình Lá Chắn, do `lachan init` viết. Mục không ghi ở đây có giá trị mặc định.
written-after-a-change = Sửa xong thì kiểm tra: lachan config check; rồi: lachan reload
written-access = Ai được hỏi.
written-recursive = Tự phân giải từ gốc, kiểm tra chữ ký DNSSEC.
written-forward = Chuyển mọi câu hỏi cho các máy chủ này.
written-domain = Tên miền của trường được trỏ vào mạng nội bộ.
written-no-groups = Chưa có nhóm nào: mọi máy theo cấp nhỏ nhất ở trên. Thêm nhóm bằng [[group]].
written-groups = Nhóm máy. Dải nhỏ hơn thắng dải lớn hơn; máy không thuộc nhóm nào theo cấp nghiêm ngặt nhất.
written-lists = Bộ danh sách khuyến nghị (blocklists/recommended.toml); thêm nguồn khác theo id trong blocklists/catalogue.toml.
written-state = Chỉ mục, danh sách đã tải, nhật ký.
written-own-zones = Tên miền của trường và các vùng ngược của mạng nội bộ: hỏi máy chủ miền.
