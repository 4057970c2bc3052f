# Что находит проверка ссылки и что с этим делать. $subject — параметр или текст, о котором речь.

doctor-nothing-found = В тексте нет ссылки.
doctor-nothing-found-fix = Вставьте постбек, шаблон партнёрки, ссылку регистрации или строку из лога.
doctor-missing-clickid = clickid не передаётся ({ $subject }).
doctor-missing-clickid-fix = В постбеке напишите clickid= и макрос того параметра партнёрки, в котором едет наш clickid, например clickid={"{"}sub4{"}"}. В ссылке регистрации — этот параметр со значением {"{{"}tracker.clickid{"}}"}.
doctor-clickid-is-name = { $subject } — это название параметра, а не макрос. Партнёрка пришлёт само слово вместо clickid.
doctor-clickid-is-name-fix = В постбеке возьмите название в скобки партнёрки, например {"{"}sub1{"}"}. В ссылке регистрации поставьте {"{{"}tracker.clickid{"}}"}.
doctor-our-macro-in-postback = В { $subject } стоит наш макрос. Партнёрка его не подставит.
doctor-our-macro-in-postback-fix = Наш макрос ставят в ссылку регистрации. В постбек впишите макрос партнёрки, например {"{"}sub4{"}"}.
doctor-partner-macro-in-link = { $subject } — макрос партнёрки, а в ссылке регистрации этот параметр заполняет Clickback.
doctor-partner-macro-in-link-fix = Поставьте значением {"{{"}tracker.clickid{"}}"}.
doctor-single-braces = { $subject } в одинарных скобках — Clickback такой макрос не подставит.
doctor-single-braces-fix = Поставьте по две скобки с каждой стороны: {"{{"}tracker.clickid{"}}"}.
doctor-macro-encoded = Скобки макроса закодированы: { $subject }. Такой макрос никто не подставит.
doctor-macro-encoded-fix = Впишите сами скобки вместо %7B и %7D. Если поле кодирует их при вставке, наберите макрос вручную.
doctor-macro-unexpanded = В { $subject } пришёл макрос вместо значения — партнёрка его не подставила.
doctor-macro-unexpanded-fix = Проверьте название макроса в кабинете партнёрки и поправьте его в постбеке.
doctor-missing-event = Не указано, какое это событие ({ $subject }).
doctor-missing-event-fix = Добавьте tracker.event=registration, sale или resale — на каждое событие свой постбек. Если у партнёрки есть макрос события, поставьте его и сопоставьте её слова с нашими.
doctor-placeholder-event = { $subject } — заготовка, событие в ней не заменили.
doctor-placeholder-event-fix = Поставьте tracker.event=sale для ФД, resale для РД, registration для регистрации.
doctor-conflicting-values = { $subject }: параметр указан дважды с разными значениями. Такой запрос будет отклонён.
doctor-conflicting-values-fix = Оставьте один.
doctor-bad-encoding = В { $subject } сломана кодировка. Такой запрос будет отклонён.
doctor-bad-encoding-fix = Знак процента в значении пишется как %25, текст передаётся в UTF-8.
doctor-too-many-parameters = Параметров больше 200. Такой запрос будет отклонён.
doctor-too-many-parameters-fix = Уберите лишние.
doctor-constant-clickid = { $subject } — постоянное значение, clickid будет одинаковым у всех лидов.
doctor-constant-clickid-fix = Поставьте макрос: в постбеке — партнёрки, в ссылке регистрации — {"{{"}tracker.clickid{"}}"}.
doctor-clickid-mismatch = { $subject } не совпадает с параметром для clickid в этой интеграции.
doctor-clickid-mismatch-fix = В ссылке регистрации и в постбеке должен быть один и тот же параметр партнёрки. Поправьте его здесь или в интеграции.
doctor-unknown-event = Событие { $subject } нам неизвестно и не сопоставлено.
doctor-unknown-event-fix = Поставьте registration, sale, resale, deposit, withdrawal, chargeback или commission либо сопоставьте слово партнёрки в интеграции.
doctor-unknown-parameter = Параметр { $subject } здесь не читается.
doctor-unknown-parameter-fix = Возьмите наше название из исправленной ссылки или добавьте это как псевдоним в интеграции.
doctor-fields-in-link = { $subject } в ссылке регистрации не работает: партнёрка его обратно не пришлёт.
doctor-fields-in-link-fix = Перенесите его в сопоставление полей постбеков.
doctor-amount-missing = Событие { $subject } приходит без суммы. Засчитается, но без денег.
doctor-amount-missing-fix = Добавьте tracker.cost с макросом суммы, например tracker.cost={"{"}amount{"}"}.
doctor-constant-amount = { $subject } — постоянная сумма, она запишется в каждое событие.
doctor-constant-amount-fix = Поставьте макрос суммы, например {"{"}amount{"}"}. Фиксированная выплата задаётся в конфигурации постбека.
doctor-amount-unreadable = Сумму { $subject } нельзя прочитать однозначно, в отчёты она не попадёт.
doctor-amount-unreadable-fix = Попросите партнёрку слать обычное число с точкой, например 1234.56.
doctor-amount-negative = { $subject }: депозит с минусом не считается.
doctor-amount-negative-fix = Вывод или возврат передавайте как tracker.event=withdrawal или chargeback.
doctor-currency-missing = У суммы { $subject } нет валюты, и в настройках она не задана. В итоги сумма не попадёт.
doctor-currency-missing-fix = Добавьте tracker.currency=usd или макрос партнёрки либо задайте валюту в интеграции.
doctor-currency-unknown = Валюта в { $subject } неизвестна. В итоги сумма не попадёт.
doctor-currency-unknown-fix = Укажите код: USD, EUR, USDT.
doctor-no-tid = Нет рабочего id транзакции ({ $subject }): РД не отличить от повторной отправки того же запроса.
doctor-no-tid-fix = Добавьте tracker.tid с макросом транзакции, например tracker.tid={"{"}event_id{"}"}.
doctor-constant-tid = { $subject } — постоянный id транзакции: у лида засчитается только первый депозит.
doctor-constant-tid-fix = Поставьте макрос транзакции, например {"{"}event_id{"}"}.
doctor-tid-is-clickid = { $subject } — это снова clickid. Транзакции он не различает, поэтому не используется.
doctor-tid-is-clickid-fix = Возьмите для tracker.tid другой макрос: id депозита или события.
doctor-payout-or-deposit = { $subject }: непонятно, это депозит игрока или ваша выплата.
doctor-payout-or-deposit-fix = Депозит идёт в tracker.cost, выплата — в tracker.payout. Проверьте в кабинете партнёрки, что значит этот макрос.
doctor-mixed-styles = { $subject } записан не так, как остальные макросы. Партнёрка подставит только один вид.
doctor-mixed-styles-fix = Посмотрите, в каких скобках макросы у партнёрки, и поставьте везде такие же.
doctor-html-entity = В ссылке есть { $subject } — её скопировали из кода страницы.
doctor-html-entity-fix = Замените &amp; на &, а ¤cy на &currency, или возьмите исправленную ссылку.
doctor-second-question-mark = В ссылке второй вопросительный знак.
doctor-second-question-mark-fix = Первый оставьте, остальные замените на &.
doctor-stray-characters = Вместе со ссылкой скопировались пробелы, переносы строк или обратные слэши: { $subject }.
doctor-stray-characters-fix = Уберите их или возьмите исправленную ссылку.
doctor-plain-http = Ссылка на { $subject } начинается с http:// — без защиты.
doctor-plain-http-fix = Поставьте https://. Оставьте http://, только если партнёрка иначе не умеет.
doctor-other-address = { $subject } — не адрес этой интеграции, такие постбеки сюда не придут.
doctor-other-address-fix = Вставьте в партнёрку исправленную ссылку.
doctor-secret-exposed = В тексте видно значение { $subject }.
doctor-secret-exposed-fix = Если этот текст видел кто-то ещё, смените секрет в интеграции и в партнёрке.
doctor-too-long = Текст длиннее 64 КиБ, проверено только начало.
doctor-too-long-fix = Вставьте одну ссылку или одну строку лога.
doctor-several-addresses = В тексте несколько ссылок. Проверена только эта: { $subject }.
doctor-several-addresses-fix = Остальные вставьте по одной.
doctor-alias-conflict = { $subject } повторяет другой параметр, но значение другое. Берётся наше название.
doctor-alias-conflict-fix = Оставьте один.
doctor-event-from-macro = Событие приходит из макроса: { $subject }.
doctor-event-from-macro-fix = Сопоставьте слова партнёрки с событиями в интеграции, иначе в итоги они не попадут.
doctor-word-translated = Слово партнёрки переведено в наше событие: { $subject }.
doctor-word-translated-fix = Проверьте, что партнёрка имеет в виду именно его.
doctor-status-unknown = Статус в { $subject } нам неизвестен и не сопоставлен. Такие события идут в ожидание.
doctor-status-unknown-fix = Сопоставьте его в интеграции: approved, pending или rejected.
doctor-amount-reinterpreted = Сумма { $subject } читается, но записана не по-простому.
doctor-amount-reinterpreted-fix = Делать ничего не нужно. Простая запись — цифры и точка: 1234.56.
doctor-field-unknown = Кастомного поля с ключом { $subject } нет.
doctor-field-unknown-fix = Создайте поле или поправьте ключ.
