# A partner's page.
partner-ready = ready
partner-soon = soon
partner-runs-on = runs on
partner-own = Postbacks of { $name }
partner-link = Part of the registration link
partner-missing = What is missing
partner-missing-fix = Until then make a custom integration with the names from your cabinet, and tell us what you saw: a screenshot of the cabinet's macro list is enough.
missing-link-parameter = Which parameter of the link carries the clickid: nobody has shown it yet.
missing-click-macro = The macro that brings the clickid back in a postback: nobody has shown it yet.
partner-notes = Before you paste
partner-clickid = Where the clickid goes
partner-clickid-how = Into this parameter of your link at the partner. A registration link of the integration adds it by itself.
partner-param = Parameter of the link
partner-macro = Macro in the postback
partner-default = to begin with
partner-clickid-chars = The parameter holds up to { $n } characters; our clickid has 20.
partner-paste = What to paste where
partner-paste-own = These are the URLs of your integration, as they are now.
partner-paste-planned = Your own URLs appear when you make the integration: `{"{"}uuid{"}"}` becomes its id.
partner-postbacks-limit = The partner allows at most { $n } postbacks.
partner-form-constants = The partner adds its parameters by itself: beside its names, type these.
partner-form-path = The event is in the path: the partner begins the query itself. Such a URL has no place for a secret: do not ask for one in the integration.
partner-form-bare = Paste it as it is, with nothing behind it. Such a URL has no place for a secret: do not ask for one in the integration.
partner-fields = Custom fields it creates
partner-quirks = Its habits
partner-test = How to test
partner-test-event = Send a test event from the integration: it goes the whole way and is in no report.
partner-test-own = Open your registration link as a player would and register once.
partner-test-inbox = Look into the postbacks: the call should be there within the partner's usual delay, accepted and without flags that surprise you.
partner-test-compare = Compare the first real deposit with the partner's statistics: sum, currency, one event and not two.
partner-sources = Where this is known from
partner-role = Filled with
partner-source = Source

category-igaming = iGaming
category-trading = Trading
category-cpa = CPA and nutra
category-ecommerce = E-commerce
category-platform = Affiliate platforms
category-tracker = Trackers
partner-kind-program = partner program
partner-kind-platform = platform: “my program runs on …”
partner-kind-tracker = tracker: links written for it work as they are

confidence-documented = From its own documentation.
confidence-from-tracker-template = From the templates and guides of trackers and networks, not from the partner's own text. Compare with your partner's cabinet before you buy traffic.
confidence-inferred = Derived from the platform behind the program; the program itself was not seen. Compare with your partner's cabinet and test before you buy traffic.

role-clickid = the clickid
role-event = the event
role-status = the status
role-amount = the player's or buyer's money
role-payout = your earnings
role-currency = the currency
role-tid = the transaction id
role-user-id = the player's id
role-country = the country
role-time = the time
role-field = anything else

quirk-one-url = One URL reports every event and a macro says which: the partner's words are mapped to events in the integration.
quirk-event-parameters = Events come as parameters of their own, `reg=true`: they are read as events.
quirk-bare-url = A question mark in the URL breaks it there: the URL is pasted bare.
quirk-second-question-mark = Adds its parameters with a second question mark: such tails are taken apart and flagged.
quirk-plain-http = Calls `http://` only. A proxy in front must not redirect the postback path to https: the call would be lost.
quirk-tid-is-click = Its transaction id is the click, the same for every event: it is not used to tell copies apart.
quirk-no-tid = No transaction id: a copy cannot be told from a new event by id. Requests that are the same byte for byte count once within ten minutes.
quirk-first-also-as-deposit = The first deposit also comes to the URL for all deposits. With an id it counts once; without one the copy is held until you decide.
quirk-amount-by-event = Several sums in one call: the one that belongs to the event counts.
quirk-no-amount = No macro for a sum is known: events count without one.
quirk-no-currency = No macro for the currency is known: what is not fixed in the integration stays outside totals.
quirk-currency-of-offer = The currency is the offer's and the call does not name it: one integration for each currency.
quirk-payout-only = The sum is what you earn, not what the player paid: it is read as the payout.
quirk-payout-in-all-statuses = The sum comes with every status, also before it is earned.
quirk-resends-status = Sends again when the status changes: the known event changes, no second one appears.
quirk-retries = Sends again until it hears 200; copies count once.
quirk-stops-after-failures = Stops calling a URL that fails repeatedly: keep this installation reachable.
quirk-country-names = The country comes as a name, not as a code; the field keeps it as it came.
quirk-double-braces = Its macros are in double braces, like ours: in a postback they are the partner's and stay as they are.
quirk-hash-macros = Its macros stand between `#`: copy the URL from here, a browser's address bar would cut it off.
quirk-percent-macros = Its macros stand between `%` and look like encoded bytes: they are not decoded.
quirk-macro-names-differ = The macro has another name than the link's parameter.
quirk-late = Postbacks come minutes to a day later and not always in order: a deposit before its registration is fine.
quirk-overflows = What is too long for a parameter runs over into the next one.

# In the reading of a request: nobody sent this.
read-implied = from the rules of the integration
