# Справка: рамка и то, что пишут её собранные таблицы. Сами тексты лежат в docs/guide.
nav-help = Справка
help-title = Справка
help-sub = Как настроить постбеки и что делать, когда постбек не пришёл.
help-search = Найти в справке
help-all = Все темы
help-around = Соседние темы
help-nothing = Ничего не нашлось
help-nothing-how = Попробуйте одно слово вместо нескольких или его начало: депоз, tid, макрос.
help-found = { $count ->
    [one] Нашлось { $count } место
    [few] Нашлось { $count } места
   *[other] Нашлось { $count } мест
}
help-code = Пример
help-code-url = Ссылка
help-group-start = Начало
help-group-postbacks = Постбеки и ссылки
help-group-daily = Каждый день
help-group-trouble = Когда что-то не так
help-group-team = Команда и переезд
help-group-server = Сервер

help-col-verdict = Вердикт
help-col-meaning = Что значит
help-col-do = Что делать
help-col-flag = Замечание
help-col-code = Код
help-col-role = Роль
help-col-setting = Настройка
help-col-default = По умолчанию

help-verdict-accepted = Записано новое событие лида.
help-verdict-accepted-fix = Ничего. Если есть замечания, просмотрите их: событие посчитано, но в ссылке что-то можно поправить.
help-verdict-updated = Событие уже было; запрос сменил его статус или дописал то, чего не хватало.
help-verdict-updated-fix = Ничего. Что изменилось — в истории события на странице запроса.
help-verdict-duplicate = То же событие пришло ещё раз и второй раз не посчитано.
help-verdict-duplicate-fix = Ничего, если партнёрка просто прислала повторно. Если это были два разных платежа, передавайте каждому свой `tracker.tid`.
help-verdict-unmatched = Clickid пришёл, но такого нет ни у клика, ни у лида.
help-verdict-unmatched-fix = Проверьте, в каком параметре ссылки едет clickid. Запрос ждёт и применится сам, как только лид появится.
help-verdict-rejected = Ответили 4xx: непонятно, о ком и о чём запрос, или отправителя не пустили. Сам запрос сохранён.
help-verdict-rejected-fix = Исправьте то, что названо на странице запроса, и обработайте его заново.

help-setting-listen = Адрес и порт, на которых отвечает Clickback. За прокси оставьте как есть.
help-setting-data-dir = Папка базы данных и журнала. Должна лежать на локальном диске.
help-setting-database-url = Адрес базы PostgreSQL, общей для нескольких узлов: `postgres://user:password@host/database`. Без него база — SQLite в папке данных.
help-setting-inbox-days = Сколько дней хранить принятые запросы в PostgreSQL; удаляются целые месяцы. Если не задано — всегда; не меньше 30.
help-setting-clicks-days = Сколько дней хранить клики в PostgreSQL; удаляются целые месяцы. Если не задано — всегда; не меньше 30.
help-setting-public-url = Адрес, который вызывают партнёрки; он стоит во всех ссылках. Можно несколько через запятую: в новых ссылках будет первый.
help-setting-trusted-proxies = Прокси перед Clickback, чьему `X-Forwarded-For` можно верить: адреса или сети через запятую.
help-setting-max-connections = Сколько соединений одновременно.
help-setting-header-timeout = Секунды на заголовки запроса.
help-setting-body-timeout = Секунды на тело запроса.
help-setting-max-body = Наибольшее тело постбека, байты.
help-setting-queue = Сколько постбеков может ждать записи на диск; остальные получают 503.
help-setting-journal-limit = Сколько байт принятых постбеков может ждать разбора; остальные получают 503.
help-setting-node-name = Как называется этот узел среди тех, у кого общая база; без настройки — имя машины.
help-setting-log-format = Строки журнала: `text` или `json`.
help-setting-log = Насколько подробно писать: `error`, `warn`, `info`, `debug` или фильтр вроде `clickback=debug`.
help-setting-config = Файл TOML с этими же именами.
