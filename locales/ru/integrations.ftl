# Интеграции: список, каталог, подключение, страница одной.
nav-links = Ссылки
save = Сохранить
add = Добавить
delete = Удалить
cancel = Отмена
rename = Переименовать
row-add = Добавить строку
row-remove = Убрать строку
never = ещё не было

integrations-about = Партнёрки, в которые вы отправляете лидов, и как от них приходят постбеки.
integrations-connect = Подключить партнёрку
integrations-none = Подключите первую партнёрку
integrations-none-how = Выберите её ниже: ссылки постбеков будут готовы сразу. Если вашей нет, за минуту настройте свою.
integration-state-good = постбеки идут
integration-state-new = ждём первый постбек
integration-state-silent = молчит
integration-state-unmatched = лиды не находятся
integration-state-off = выключена
col-state = Состояние
col-last-postback = Последний постбек
col-today = Сегодня
col-matched = Лид найден
col-flagged = С замечаниями

catalogue = Партнёрки
catalogue-search = Найти партнёрку
catalogue-tabs = Категории
catalogue-own = Своя партнёрка
catalogue-own-how = Любая программа с постбеками: регистрация, первый и повторный депозит уже подготовлены.
catalogue-own-go = Настроить
catalogue-connect = Подключить
catalogue-ready = готово
catalogue-soon = скоро
catalogue-connected = { $count ->
    [one] подключена
    [few] { $count } подключения
   *[other] { $count } подключений
}
catalogue-nothing = Такой партнёрки в каталоге нет. Настройте её как свою: макросы те же самые.

connect-title = Подключение { $name }
connect-sub = Один шаг: постбеки уже подготовлены.
connect-about = Что о ней известно
connect-custom-title = Своя партнёрка
connect-custom-sub = Три ответа — и ссылки для партнёрки готовы.
connect-step-name = Название
connect-name = Как она называется у вас
connect-name-example = Vavada, RU-трафик
connect-step-clickid = Click ID
connect-clickid-how = Параметр ссылки партнёрки, в который пойдёт наш clickid. Оставьте предложенный, если не занимаете его под другое.
connect-clickid-custom = Посмотрите в кабинете партнёрки: какой параметр ссылки принимает ваш click id (обычно `sub1`, `sub_id`, `aff_sub`) и каким макросом он возвращается в постбеке (обычно `{"{"}sub1{"}"}`).
connect-param = Параметр для clickid
connect-param-own = Параметр ссылки
connect-macro = Макрос партнёрки для него
connect-macro-how = Скопируйте вместе со скобками: `{"{"}sub1{"}"}`, `[sub1]`, `#sub1#`, `%sub1%`. Остальные макросы запишем так же.
connect-other-param = Другой параметр
connect-step-postbacks = Постбеки
connect-postbacks-how = Эти постбеки появятся сразу, с готовыми ссылками. Названия, события и макросы можно менять когда угодно.
connect-fields = Кастомные поля, которые она заполнит:
connect-submit = Подключить

integration-off-means = Интеграция выключена: на постбеки отвечаем 404, но сохраняем их. После включения обработайте их заново во входящих.
integration-silent = Молчит дольше обычного, последний постбек пришёл
integration-silent-fix = Проверьте, на месте ли ссылки постбеков в кабинете партнёрки и идёт ли туда трафик.
integration-unmatched = { $count ->
    [one] { $count } постбек за сегодня не нашёл лида: пришёл незнакомый clickid.
    [few] { $count } постбека за сегодня не нашли лидов: пришли незнакомые clickid.
   *[other] { $count } постбеков за сегодня не нашли лидов: пришли незнакомые clickid.
}
integration-unmatched-see = Посмотреть
steps = Шаги
step-done = готово
step-clickid = Click ID
step-postbacks = Постбеки
step-fields = Поля
step-links = Ссылки
step-test = Проверка
clickid-how = Параметр ссылки партнёрки, который несёт наш clickid, и макрос, которым он возвращается в постбеках.
clickid-example = Лид получит ссылку такого вида. Если макрос не указан, берётся макрос с названием параметра.
registration-link = Ссылка регистрации
link-example-base = https://partner.example/ваша-ссылка

postbacks-how = По ссылке на каждое событие. Скопируйте и вставьте в кабинете партнёрки в поле для этого события.
legend-ours = наш параметр
legend-theirs = подставит партнёрка
legend-fixed = всегда одно и то же
never-came = ещё не приходил
today-count = засчитано сегодня: { $count }
postback-warned = { $count ->
    [one] { $count } замечание
    [few] { $count } замечания
   *[other] { $count } замечаний
}
postback-paste = В кабинете { $name } вставьте эту ссылку в поле постбека на событие «{ $event }».
postback-macros = Макросы партнёрки
slot-amount = Сумма
slot-currency = Валюта
slot-tid = ID транзакции
slot-player = ID игрока
slot-country = Страна
slot-shared = во всех постбеках
postback-more = Название, событие, выплата и другие параметры
postback-name = Название
postback-name-example = Вывод средств
postback-event = Событие
postback-others = Другие параметры
postback-others-how = `tracker.payout`, `tracker.status`, `tracker.time`, `fields.КЛЮЧ` … и что в них кладёт партнёрка. Чтобы убрать параметр, очистите строку.
postback-other-name = Параметр
postback-other-value = Значение или макрос
postback-too-many = Больше 50 параметров в ссылку постбека не поместится.
postback-no-name = У значения «{ $value }» не указан параметр.
postback-own-name = Для { $value } есть своё место, среди других параметров ему не быть.
postback-fixed-currency = Валюта по умолчанию
postback-fixed-currency-how = Для сумм этого события, которые приходят без валюты.
payout = Ваш заработок
payout-how = Берётся, если в постбеке нет `tracker.payout`.
payout-none = не задан
payout-fixed = фиксированная сумма
payout-parameter = из параметра
payout-amount = Сумма
payout-currency = Валюта
payout-param = Название параметра
default-status = Статус, если его нет
default-status-usual = подтверждено, как обычно
default-status-how = Для постбеков, которые приходят без статуса.
move-up = Выше
move-down = Ниже
postback-add = Добавить постбек
postback-add-how = Встроенные события: `registration`, `sale`, `resale`, `deposit`, `withdrawal`, `chargeback`, `commission`. Любое другое имя — своё событие, его можно задать ниже.
postback-delete = Удалить постбек
postback-delete-means = «{ $name }» исчезнет с этой страницы. События останутся, а ссылка, если она где-то вставлена, продолжит работать.

mapping-how = Что партнёрка сообщает об игроке и в какое кастомное поле лида это записать. Попадает в каждую ссылку постбека как `fields.КЛЮЧ`. Если такого ключа ещё нет, поле создастся.
mapping-field = Ключ поля
mapping-macro = Макрос партнёрки
mapping-no-macro = У поля { $value } не указан макрос.
mapping-no-key = У { $value } не указан ключ поля.
mapping-twice = Поле { $value } указано дважды.
setting-player-field = Поле с ID игрока
player-field-how = По нему найдётся лид, если постбек пришёл без пригодного clickid.

links-how = Ссылка, которую вам дала партнёрка, плюс `{ $param }` с clickid лида.
links-all = Все ссылки

test-how = Проходит весь путь настоящего постбека, записывается на тестового лида и не попадает ни в один отчёт.
test-send = Отправить тест
test-refused = Такой тест был бы отклонён: проверьте событие и значения.
setting-test-amount = Сумма
setting-test-currency = Валюта
setting-test-tid = ID транзакции
setting-test-status = Статус
tested-open = Как он прочитан
tested-clean = Замечаний нет.

settings = Настройки
settings-how = Как читать постбеки этой партнёрки. Большинству ничего из этого не нужно.
summary-none = нет
summary-no-currency = валюта не задана
summary-open = принимаем от всех
summary-words = { $count ->
    [one] { $count } слово
    [few] { $count } слова
   *[other] { $count } слов
}
summary-aliases = { $count ->
    [one] { $count } имя
    [few] { $count } имени
   *[other] { $count } имён
}
summary-events = { $count ->
    [one] { $count } событие
    [few] { $count } события
   *[other] { $count } событий
}
summary-secrets = { $count ->
    [one] с секретом
    [few] { $count } секрета
   *[other] { $count } секретов
}
summary-nets = { $count ->
    [one] { $count } адрес
    [few] { $count } адреса
   *[other] { $count } адресов
}
group-words = Слова партнёрки для событий
group-words-how = Если событие приходит из макроса, слева пишется слово партнёрки: `firstDeposit` → `sale`.
words-theirs = Слово партнёрки
words-event = Событие
words-status = Статус
word-no-event = Слову «{ $value }» нужно событие, например sale.
word-no-status = Слову «{ $value }» нужен статус.
group-events = Свои события
group-events-how = KYC, новый уровень, взятый бонус — то, что команда считает помимо встроенных событий. Они общие для всех интеграций.
event-name = Имя события
event-counts-money = с деньгами
event-money = с деньгами
event-no-money = без денег
event-define = Задать
group-statuses = Слова партнёрки для статусов
group-statuses-how = `approved`, `paid`, `pending`, `hold`, `rejected`, `trash` и похожие понятны и так.
group-sameness = Одно событие дважды
group-sameness-how = Когда второй постбек — копия, а когда — новое событие.
tid-means = Что такое ID транзакции
tid-means-transaction = транзакция: у каждого события свой
tid-means-click = клик: один на все события лида
tid-means-how = По ID клика копии не различить.
repeats = Возможный повтор
repeats-count = засчитать и отметить
repeats-hold = придержать до вашего решения
repeats-drop = отбросить
repeats-short-count = возможные повторы засчитываются
repeats-short-hold = возможные повторы придерживаются
repeats-short-drop = возможные повторы отбрасываются
repeats-how = Нет ID транзакции, а лид, событие, сумма и валюта те же самые в пределах окна.
setting-window = Окно, минут
modes = По событиям
modes-how = Что делать со вторым постбеком на то же событие.
modes-event = Событие
modes-mode = Второй постбек
mode-by-tid = по ID транзакции
mode-first-only = считается только первый
mode-always-new = каждый — новое событие
mode-update = побеждает последняя сумма
group-money = Валюта и время
setting-currency = Валюта по умолчанию
fixed-currency-how = Для сумм, которые приходят без валюты.
setting-time-zone = Часовой пояс партнёрки
time-zone-how = Для времени без пояса. Пишется как `Europe/Moscow`.
group-aliases = Параметры под именами партнёрки
group-aliases-how = Если имена у партнёрки неизменны: `subid` → `clickid`, `sum` → `tracker.cost`. Имена вроде payout — это ваш заработок: `tracker.payout`.
aliases-theirs = Имя у партнёрки
aliases-ours = Наш параметр
aliases-preset = Взять имена у
aliases-preset-none = ни у кого
group-access = Кто может присылать
secret = Секрет
secret-how = Войдёт в каждую ссылку на этой странице, а на постбек без него ответим 403. Новый секрет не отменяет старый, пока вы его не отключите: ссылки можно заменить по одной.
secret-new = Требовать секрет
secret-rotate = Создать новый секрет
secret-drop-old = Отключить старый
secret-none = Не требовать
secret-newest = в ссылках выше
secret-old = ещё действует
setting-allowed-ips = Адреса, с которых можно присылать
allowed-ips-how = По одному в строке, адреса или сети. Пусто — с любых.
group-general = Название, выключение, удаление
setting-name = Название
switch-on = Включить
switch-off = Выключить
switch-off-means = Пока интеграция выключена, на постбеки отвечаем 404. Они сохраняются, и их можно обработать заново.
integration-delete = Удалить интеграцию
integration-delete-sure = С этого момента партнёрка будет получать 404 на каждый постбек.
integration-delete-means = Вместе с { $name } с этих страниц уйдут ссылки постбеков, сопоставление полей, слова и ссылки регистрации. Лиды и записанные события останутся, в отчётах тоже.

set-up-name = Напишите название, от 1 до 200 символов.
set-up-param = «{ $value }» — не название параметра. Пишется как sub4, без скобок.
set-up-no-macro = «{ $value }» — не макрос. Скопируйте его из кабинета вместе со скобками, например {"{"}sub1{"}"}.
set-up-alias = «{ $value }» — не параметр постбека. Выберите из списка или напишите fields.КЛЮЧ.
set-up-word = Слово пустое или слишком длинное.
set-up-address = «{ $value }» — не адрес и не сеть. Пишется как 203.0.113.7 или 198.51.100.0/24.
set-up-short-secret = В секрете должно быть не меньше 8 символов.
set-up-event = Напишите событие, от 1 до 64 символов: registration, sale, resale или своё.
set-up-built-in = Событие «{ $value }» встроенное.
set-up-time-zone = Часового пояса «{ $value }» нет. Пишется как Europe/Moscow.
set-up-repeat-window = Окно — это число минут, не больше месяца.
set-up-too-long = «{ $value }»: слишком длинно.
set-up-too-many = Это больше 500 строк.
set-up-field-key = «{ $value }» — не ключ поля: только a-z, 0-9 и _, до 64 символов.
set-up-currency = Валюты «{ $value }» нет. Пишется как USD, EUR или USDT.
set-up-amount = «{ $value }» — не сумма. Пишется как 30 или 12.50.
set-up-payout-param = Напишите название параметра, в котором она приходит.

notice-connected = Подключено. Скопируйте ссылки ниже
notice-switched-off = Выключено
notice-switched-on = Включено
notice-integration-deleted = Интеграция удалена
notice-postback-deleted = Постбек удалён
notice-event-defined = Событие задано
notice-test-sent = Тест отправлен
shelf-all = Все
left-out = { $count ->
    [one] { $count } файл партнёрки на этом сервере не прочитан.
    [few] { $count } файла партнёрок на этом сервере не прочитаны.
   *[other] { $count } файлов партнёрок на этом сервере не прочитано.
}
left-out-what = Они лежат в `partners/` внутри каталога данных. Исправьте указанное и перезапустите сервер; остальные работают.
