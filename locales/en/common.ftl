# Words of the frame, of small pieces and of error pages.
skip = Skip to content
nav = Sections
nav-inbox = Postbacks
nav-leads = Leads
nav-integrations = Integrations
language = Language
theme = Theme
theme-system = As the system
theme-light = Light
theme-dark = Dark
logout = Log out
copy = Copy
copied = Copied
close = Close
search = Search
older = Show older
to-newest = Back to the newest
test = test
test-what = A test event: it is outside the totals
integration = Integration
postback-url = Postback URL

time-now = now
time-seconds = { $n } s ago
time-minutes = { $n } min ago
time-hours = { $n } h ago
time-days = { $n } d ago
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

verdict-accepted = accepted
verdict-updated = updated
verdict-duplicate = duplicate
verdict-unmatched = unmatched
verdict-rejected = rejected

status-approved = approved
status-pending = pending
status-rejected = rejected
status-held = held

kind-registration = Registration
kind-first-deposit = First deposit
kind-repeat-deposit = Repeat deposit
kind-withdrawal = Withdrawal
kind-chargeback = Chargeback
kind-commission = Commission
kind-custom = Custom event
kind-other = Unknown event

# What a postback says happened, before it is decided.
said-registration = Registration
said-sale = First deposit
said-resale = Repeat deposit
said-deposit = Deposit
said-withdrawal = Withdrawal
said-chargeback = Chargeback
said-commission = Commission

error-home = To the postbacks
error-not-found = Nothing is here
error-not-found-next = The address is wrong, or what was here has been deleted.
error-invalid = This cannot be shown
error-invalid-next = Something in the address does not fit. Go back and try it from the list.
error-unavailable = The database does not answer
error-unavailable-waiting = { $count ->
    [one] Postbacks go on being answered: { $count } waits on this node and is counted when the database is back. Reload this page in a moment.
   *[other] Postbacks go on being answered: { $count } wait on this node and are counted when the database is back. Reload this page in a moment.
 }
error-unavailable-next = Postbacks that cannot be stored are answered 503, so that partners send them again. Reload this page in a moment.
error-internal = Something broke on our side
error-internal-next = Your data is safe. The server's log says what happened; reload the page to try again.
error-foreign-form = This form came from another site
error-foreign-form-next = Open the page here and send the form again.

error-forbidden = You cannot do this
error-forbidden-next = Ask an owner or an admin of your team: they can give you the right or do it for you.
notice-saved = Saved
