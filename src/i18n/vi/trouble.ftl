# Điều cần xem lại, do máy chủ báo.

config-wrong = tệp cấu hình có lỗi
config-unread = không đọc được tệp cấu hình
config-no-right = không được đọc tệp mà cấu hình nêu
config-mistakes = { $wrong }, cấu hình cũ vẫn dùng:{ $mistakes }
config-last-good = { $wrong }, đang dùng bản tốt gần nhất:{ $mistakes }
config-in-part = { $wrong }, chỉ dùng những phần đọc được:{ $mistakes }
config-defaults = { $wrong }, đang dùng thiết lập mặc định:{ $mistakes }
config-not-kept = không lưu được cấu hình cho lần khởi động sau vào { $folder }: { $error }
state-held = { $program } đang dùng thư mục trạng thái { $folder }; máy chủ này vẫn trả lời và lọc nhưng không ghi gì vào đó, số liệu chỉ giữ trong bộ nhớ; dừng một trong hai máy chủ, hoặc đặt [state] folder khác
state-not-usable = không dùng được thư mục trạng thái { $folder }: { $error }
index-not-built = không dựng được chỉ mục: { $error }
index-not-written = không ghi được chỉ mục { $path }, chỉ giữ trong bộ nhớ: { $error }
world-not-built = không áp dụng được cấu hình: { $error }

clock-wrong = đồng hồ máy này sai: đang chỉ { $shows }, { $why }; đặt lại giờ, kiểm tra NTP và pin đồng hồ; trong khi chờ, tên máy chủ giờ được trả lời không kiểm tra DNSSEC
clock-before-release = trước khi có chương trình này ({ $released })
clock-before-seen = trước giờ đã được xác nhận ({ $seen }, tệp { $file })
clock-behind = trước hiệu lực của chữ ký DNSSEC
clock-ahead = sau khi chữ ký DNSSEC hết hạn
clock-leapt = đồng hồ máy nhảy vọt, nhật ký chưa xóa gì, hãy kiểm tra ngày giờ

answers-fail = phần lớn câu hỏi vừa qua không có câu trả lời: { $why }
forwarder-without-signatures = { $name } không gửi chữ ký DNSSEC nên tên có ký đều hỏng; dùng máy chủ khác hoặc ghi `dnssec = false`
remedy-denying = máy chủ chuyển tiếp nói tên nào cũng không tồn tại; dùng máy chủ khác
remedy-unreachable = không tới được máy chủ nào; kiểm tra dây mạng, đường truyền, tường lửa (cổng 53 đi ra), địa chỉ và cổng của máy chủ chuyển tiếp
remedy-refused = máy chủ bên ngoài từ chối; hỏi người quản lý máy chủ đó hoặc dùng máy chủ chuyển tiếp khác
remedy-failing = máy chủ bên ngoài báo lỗi; thử máy chủ chuyển tiếp khác
remedy-distrusted = chứng chỉ của máy chủ chuyển tiếp không đáng tin; kiểm tra tên sau dấu #, [resolve] ca_file và đồng hồ
remedy-nonsense = câu trả lời từ bên ngoài không dùng được; có thiết bị nào sửa DNS trên đường truyền không?
remedy-signature-expired = chữ ký DNSSEC đã hết hạn; kiểm tra đồng hồ của máy này
remedy-signature-not-yet-valid = chữ ký DNSSEC chưa có hiệu lực; kiểm tra đồng hồ của máy này
remedy-signatures-missing = thiếu chữ ký DNSSEC; dùng máy chủ chuyển tiếp khác hoặc ghi `dnssec = false` cho máy chủ đó
remedy-bogus = dữ liệu không qua được kiểm tra DNSSEC; có thiết bị hoặc máy chủ chuyển tiếp sửa câu trả lời không?
remedy-busy = quá nhiều câu hỏi chờ cùng lúc; tìm máy hỏi quá nhiều, hoặc đường truyền quá chậm

cause-unreachable = không tới được máy chủ
cause-refused = máy chủ từ chối
cause-failing = máy chủ báo lỗi
cause-distrusted = chứng chỉ sai
cause-nonsense = câu trả lời không dùng được
cause-signature-expired = chữ ký hết hạn
cause-signature-not-yet-valid = chữ ký chưa có hiệu lực
cause-signatures-missing = thiếu chữ ký
cause-bogus = sai DNSSEC
cause-busy = quá tải

listens-nowhere = không nghe được ở địa chỉ nào:{ $troubles }
listener-trouble = { $address } ({ $transports }): { $what }
listens-instead = { $what }; đang nghe ở { $at }
tried-again = { $what }; đang thử lại
start-again = { $what }; dừng chương trình đó hoặc sửa [listen] dns rồi chạy lại
address-gone = máy này không còn địa chỉ đó, không ai hỏi được qua địa chỉ này
port-forbidden = không có quyền mở cổng dưới 1024: chạy bằng dịch vụ hệ thống, hoặc cấp CAP_NET_BIND_SERVICE
port-in-use = chương trình khác đang giữ cổng này
port-held = { $program } đang giữ { $address }
port-held-by-resolved = { $program } đang giữ { $address }; ghi DNSStubListener=no trong /etc/systemd/resolved.conf rồi chạy systemctl restart systemd-resolved
program = { $name } (tiến trình { $process })
another-program = chương trình khác
address-not-here = máy này chưa có địa chỉ đó
not-opened = không mở được: { $error }

trouble-of = { $of }: { $what }
state-and-failure = { $state }; { $failure }
no-copy-yet = chưa có bản nào
zone-expired = quá hạn, quy tắc cũ vẫn dùng
list-damaged-in-force = bản lưu hỏng hoặc mất, quy tắc cũ vẫn dùng, đang tải lại
list-damaged = chưa có hiệu lực: bản lưu hỏng hoặc mất, đang tải lại
list-not-in-force = chưa có hiệu lực

journal-failing = nhật ký không ghi được, từ { $since }: { $what }
journal-in-use = { $path }: lachan khác đang ghi ở đó
journal-newer = { $path } do bản chương trình mới hơn ghi (phiên bản { $found }, chương trình này biết đến { $known }); dùng bản mới hơn hoặc thư mục khác
journal-older = { $path } theo phiên bản cũ { $found } (cần { $known }): hãy chạy máy chủ một lần
journal-not-ours = { $path } là cơ sở dữ liệu của chương trình khác
journal-absent = { $path } chưa có: chưa ghi gì
journal-damaged = nhật ký bị hỏng
journal-not-opened = không mở được tệp nhật ký
journal-panicked = lỗi chương trình, hãy báo lại
list-in-memory = { $id }: chỉ có trong bộ nhớ vì đĩa không ghi được
journal-ended = nhật ký đã dừng ghi, hãy khởi động lại dịch vụ và báo lại lỗi
journal-lost = nhật ký trước { $at } bị mất hoặc hỏng, số liệu trước đó thiếu
journal-put-aside = nhật ký hỏng được cất ở { $path }
journal-moved = tệp nhật ký bị xóa hoặc thay lúc { $at }, đã mở tệp mới
journal-crowded = có thiết bị hỏi quá nhiều tên bị chặn khác nhau, { $attempts } lượt chỉ ghi tên miền gốc
journal-names-given = nhật ký đầy, { $rows } dòng của thiết bị hỏi nhiều nhất mất tên
journal-cut = nhật ký đầy, { $rows } dòng cũ nhất bị xóa sớm
journal-over-cap = nhật ký vượt giới hạn
panics = lỗi chương trình ({ $count } lần), hãy báo lại cho nhóm phát triển
zone-unanswered = không máy chủ nào trả lời cho vùng { $zone }: { $servers }
nobody-answers = không máy chủ tên nào trả lời, đường truyền có thông không?

only-starter-lists = chỉ có danh sách có sẵn ({ $version }); thêm danh sách bằng [[list]]
refused-inside = { $queries } câu hỏi từ mạng nội bộ bị từ chối; thêm mạng đó vào [access] allow
unknown-clients = { $queries } câu hỏi từ máy không thuộc nhóm nào, lọc theo cấp chặt nhất; thêm mạng vào [[group]]
rebound-many = { $answers } câu trả lời bị gỡ địa chỉ nội bộ; nếu là tên của trường, ghi vào [resolve] private_names hoặc chuyển tiếp vùng của chúng
one-address-for-all = { $domains } tên miền đều có cùng một địa chỉ; đường truyền có đang đòi đăng nhập hoặc hết hạn không?
shed-now = { $queries } câu hỏi vừa bị bỏ vì quá tải; tìm máy hỏi quá nhiều, hoặc tăng [listen] in_flight
recommended-coming = danh sách khuyến nghị: { $done } trong { $of } đang dùng, phần còn lại đang tải; các danh sách khởi đầu bảo vệ từ đầu
recommended-failed = danh sách khuyến nghị: { $done } trong { $of } đang dùng, { $failed } không tải được ({ $why }); sẽ thử lại. Trường không có internet: ghi trong [lists] mirror = "THƯ MỤC" (lachan lists snapshot) hoặc recommended = false
