# lachan check

check-name = { $name } { $type }
check-name-shown = { $name } { $type } ({ $shown })
check-tier = { $tier }
check-group = { $group } ({ $tier }, { $mode })
check-outcome = { $whom }: { $verdict }
check-because = vì
check-answer = trả lời
check-no-answer = không trả lời
check-category = nhóm nội dung
check-service = dịch vụ
check-list = danh sách
check-rule = quy tắc
check-rule-line = { $rule } (dòng { $line })
check-school-rule = quyết định
check-link = ở tên
check-aliases = bí danh
check-error = EDE
check-no-timetable = Không kết quả nào tự đổi theo giờ.
check-not-resolved = Không phân giải: tên mà nó dẫn tới (CNAME, HTTPS) chưa được xét.
check-every-rule = mọi quy tắc
check-version = bản
check-line = dòng

check-looked-up = tra tên `{ $name }` (`{ $written }`: { $why })
not-a-name = `{ $written }` không phải tên miền: { $why }
check-from-disk = máy chủ không chạy: đây là kết quả theo chỉ mục trên đĩa, không phải câu trả lời trong mạng lúc này
check-no-server = máy chủ không chạy nên không phân giải được: bỏ --resolve
check-no-index = chưa có chỉ mục dùng được: chạy `lachan lists compile` hoặc máy chủ trước ({ $error })
check-no-type = không có loại bản ghi `{ $written }`: A, AAAA, HTTPS, MX, TXT, TYPE65 …
check-no-tier = không có cấp học `{ $written }`: { $known }
check-no-group = không có nhóm `{ $written }`: { $known }

group-default = Mặc định
group-unknown = không rõ
mode-filter = lọc
mode-allow-only = chỉ danh sách được phép
mode-monitor = chỉ đếm
mode-open = không lọc

verdict-block = chặn
verdict-monitor = chỉ đếm
verdict-local = máy chủ tự trả lời
verdict-refuse = từ chối
verdict-altered = bỏ bớt bản ghi
verdict-allow = cho phép

because-locked = khoá
because-school = quy định của trường
because-service = dịch vụ bị tắt
because-policy-zone = vùng chính sách
because-category = nhóm nội dung
because-allow-only = ngoài danh sách được phép
because-hard-protected = được bảo vệ
because-soft-protected = được bảo vệ trước danh sách
because-allow-set = trong danh sách được phép
because-open-group = nhóm không lọc
because-local = máy chủ tự trả lời
because-canary = tên dò đường vòng, luôn trả lời không có
because-private-address = trỏ vào mạng của trường
because-access = máy không được phép hỏi
because-type = loại bản ghi không dùng để hỏi
because-nothing-forbids = không gì cấm

rule-exact = đúng tên { $name }
rule-subtree = { $name } và mọi tên bên dưới
rule-pattern = mẫu { $pattern }
rule-brand = giống nhà cái “{ $brand }”: { $names } tên đã biết
rule-children = mọi tên dưới { $name }
says-exception = ngoại lệ của { $category }
says-outweighed = { $category }, không tính: chỉ một danh sách nói vậy
says-excepted = { $category }, có ngoại lệ
says-allow-set = danh sách được phép { $set }
says-service = dịch vụ { $service }
says-hard = được bảo vệ
says-soft = được bảo vệ trước danh sách
