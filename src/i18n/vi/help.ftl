# --help. help-LỆNH, help-LỆNH-long, help-LỆNH--TÙY-CHỌN; help-any--TÙY-CHỌN cho mọi lệnh.

help-usage = Cách dùng:
help-commands = Lệnh
help-arguments = Đối số
help-options = Tùy chọn

help-lachan = Lá Chắn: bộ phân giải DNS che chắn học sinh khỏi nội dung trái pháp luật hoặc không hợp lứa tuổi.
help-any--lang = Ngôn ngữ của màn hình: vi, en; không ghi thì là LACHAN_LANG, rồi ngôn ngữ của hệ thống.
help-any--help = In phần này.
help-any--version = In phiên bản.
help-any--config = Tệp cấu hình; không ghi thì là LACHAN_CONFIG, rồi /etc/lachan/lachan.toml nếu có.
help-any--state = Thư mục trạng thái, thay cho trong cấu hình; không ghi thì là LACHAN_STATE.
help-any--json = In JSON.
help-any--limit = Nhiều nhất bấy nhiêu dòng, mới nhất (mặc định: 1000).
help-any--format = Dạng in ra: table, csv, json (mặc định: table).

help-lachan-serve = Chạy bộ phân giải.
help-lachan-serve-long = Chạy bộ phân giải. Không có tệp cấu hình: dùng danh sách khởi đầu, lưu vào thư mục trạng thái, tự phân giải từ gốc.
help-lachan-serve--log_json = In nhật ký chương trình dạng JSON.

help-lachan-init = Hỏi vài câu rồi viết tệp cấu hình cho trường.
help-lachan-init--file = Tệp cấu hình sẽ viết (mặc định: lachan.toml).
help-lachan-init--overwrite = Ghi đè tệp đã có.

help-lachan-check = Giải thích một tên miền được phép hay bị chặn, vì sao, ở từng cấp học.
help-lachan-check--name = Tên miền, hoặc địa chỉ của một trang.
help-lachan-check--rtype = Loại bản ghi được hỏi (mặc định: A).
help-lachan-check--tier = Cho cấp học này.
help-lachan-check--group = Cho nhóm này.
help-lachan-check--client = Cho máy có địa chỉ này.
help-lachan-check--resolve = Phân giải như cho một máy thật, theo các bí danh (CNAME); mặc định khi máy chủ đang chạy.
help-lachan-check--no_resolve = Không hỏi ra ngoài: chỉ nói điều mà chính câu hỏi quyết định.
help-lachan-check--offline = Chỉ xem chỉ mục trên đĩa, không hỏi máy chủ đang chạy.

help-lachan-config = Việc với tệp cấu hình.
help-lachan-config-check = Kiểm tra tệp cấu hình và in mọi lỗi cùng lúc.
help-lachan-config-check--file = Tệp cấu hình; không ghi thì là LACHAN_CONFIG, rồi /etc/lachan/lachan.toml nếu có, rồi lachan.toml.
help-lachan-config-explain = Giải thích một mã lỗi; không ghi mã thì in mọi mã.
help-lachan-config-explain--code = Mã trong error[…], ví dụ bad-name.

help-lachan-lists = Việc với các danh sách.
help-lachan-lists-status = Mỗi danh sách: bản nào, bao nhiêu dòng được dùng, bỏ qua, từ chối.
help-lachan-lists-status--samples = Thêm các dòng mẫu bị từ chối.
help-lachan-lists-update = Tải các danh sách ngay bây giờ.
help-lachan-lists-accept = Nhận bản mới của một danh sách dù số tên thay đổi bất thường.
help-lachan-lists-accept--id = Danh sách.
help-lachan-lists-accept--why = Vì sao bản ấy đúng.
help-lachan-lists-accept--who = Ai quyết định; không ghi thì là người gõ lệnh.
help-lachan-lists-compile = Dựng chỉ mục từ các danh sách đang bật.
help-lachan-lists-compile--output = Tệp chỉ mục sẽ viết, thay cho tệp của máy chủ.
help-lachan-lists-brands = Các nhãn nhà cái học từ danh sách, và những tên bị bắt vì giống chúng.
help-lachan-lists-brands--name = Một nhãn, hoặc một tên giống nhà cái: in những tên đã học được nhãn ấy.
help-lachan-lists-brands--caught = Các tên trong nhật ký mà không danh sách nào có, chỉ bị bắt vì giống nhà cái.
help-lachan-lists-brands--since = Với --caught, từ lúc ấy: ngày, giờ, 2h, 7d, 2w trước, hoặc yesterday.
help-lachan-lists-snapshot = Gói bản đang giữ của các danh sách công khai, cho trường khác hoặc cho USB.
help-lachan-lists-snapshot--output = Thư mục sẽ ghi: mới, rỗng, hoặc một gói cũ.
help-lachan-lists-snapshot--own_use = Gói cả danh sách mà giấy phép đòi nhiều hơn lời ghi nguồn: không đưa gói cho nơi khác.
help-lachan-lists-catalogue = Các nguồn công khai có thể bật, kèm số đo của từng nguồn.
help-lachan-lists-diff = So hai chỉ mục.
help-lachan-lists-diff--old = Chỉ mục cũ.
help-lachan-lists-diff--new = Chỉ mục mới.

help-lachan-log = Xem nhật ký các lượt truy cập bị chặn.
help-lachan-log-long = Xem nhật ký các lượt truy cập bị chặn. Chỉ lượt bị chặn được ghi; mỗi lần đọc dòng của từng thiết bị đều được ghi lại.
help-lachan-log--since = Từ lúc này: 23/11/2026, 2026-11-23T07:00, hoặc 2h, 7d, 2w trước, "hôm qua".
help-lachan-log--until = Đến trước lúc này.
help-lachan-log--tier = Cấp học, ghi mã hoặc như trên màn hình.
help-lachan-log--group = Nhóm.
help-lachan-log--category = Nhóm nội dung, ghi mã hoặc như trên màn hình.
help-lachan-log--effect = Bị chặn, hay chỉ đếm: blocked, monitored.
help-lachan-log--name = Tên miền; *.x là x và mọi tên bên dưới.
help-lachan-log--totals = Chỉ in tổng: theo cấp học, nhóm nội dung, nhóm, danh sách, ngày, tên.
help-lachan-log--follow = Chờ và in tiếp các dòng mới.
help-lachan-log-access = Ai đã xem dòng của từng thiết bị, lúc nào, với bộ lọc nào.

help-lachan-status = Tình trạng máy chủ đang chạy.
help-lachan-reload = Bảo máy chủ đang chạy đọc lại cấu hình và danh sách.
help-lachan-reload-long = Bảo máy chủ đang chạy đọc lại cấu hình và danh sách. Nếu có lỗi, mọi thứ đang chạy được giữ nguyên và lỗi được in ra.
