# Слова рамки, мелких частей и страниц ошибок.
skip = К содержанию
nav = Разделы
nav-inbox = Постбеки
nav-leads = Лиды
nav-integrations = Интеграции
language = Язык
theme = Тема
theme-system = Как в системе
theme-light = Светлая
theme-dark = Тёмная
logout = Выйти
copy = Скопировать
copied = Скопировано
close = Закрыть
search = Найти
older = Показать более ранние
to-newest = К самым новым
test = тест
test-what = Тестовое событие: в итоги не входит
integration = Интеграция
postback-url = Ссылка постбека

time-now = сейчас
time-seconds = { $n } с назад
time-minutes = { $n } мин назад
time-hours = { $n } ч назад
time-days = { $n } дн. назад
month-1 = янв.
month-2 = февр.
month-3 = марта
month-4 = апр.
month-5 = мая
month-6 = июня
month-7 = июля
month-8 = авг.
month-9 = сент.
month-10 = окт.
month-11 = нояб.
month-12 = дек.

verdict-accepted = принят
verdict-updated = обновлён
verdict-duplicate = дубль
verdict-unmatched = лид не найден
verdict-rejected = отклонён

status-approved = подтверждено
status-pending = ожидает
status-rejected = отменено
status-held = на проверке

kind-registration = Регистрация
kind-first-deposit = Первый депозит
kind-repeat-deposit = Повторный депозит
kind-withdrawal = Вывод
kind-chargeback = Чарджбек
kind-commission = Комиссия
kind-custom = Своё событие
kind-other = Неизвестное событие

# Что говорит постбек, пока решение не принято.
said-registration = Регистрация
said-sale = Первый депозит
said-resale = Повторный депозит
said-deposit = Депозит
said-withdrawal = Вывод
said-chargeback = Чарджбек
said-commission = Комиссия

error-home = К постбекам
error-not-found = Здесь ничего нет
error-not-found-next = Адрес неверный, или то, что здесь было, удалено.
error-invalid = Это нельзя показать
error-invalid-next = Что-то в адресе не сходится. Вернитесь и откройте страницу из списка.
error-unavailable = База данных не отвечает
error-unavailable-waiting = { $count ->
    [one] Постбеки принимаются: на этом узле ждёт { $count } — посчитается, когда база вернётся. Обновите страницу через минуту.
    [few] Постбеки принимаются: на этом узле ждут { $count } — посчитаются, когда база вернётся. Обновите страницу через минуту.
   *[many] Постбеки принимаются: на этом узле ждут { $count } — посчитаются, когда база вернётся. Обновите страницу через минуту.
 }
error-unavailable-next = На постбеки, которые нельзя сохранить, мы отвечаем 503, и партнёрка пришлёт их снова. Обновите страницу через минуту.
error-internal = Что-то сломалось у нас
error-internal-next = Данные целы. Причина записана в журнале сервера; обновите страницу, чтобы попробовать ещё раз.
error-foreign-form = Форма пришла с другого сайта
error-foreign-form-next = Откройте страницу здесь и отправьте форму ещё раз.

error-forbidden = Это действие вам недоступно
error-forbidden-next = Попросите владельца или админа команды: они дадут доступ или сделают это сами.
notice-saved = Сохранено
