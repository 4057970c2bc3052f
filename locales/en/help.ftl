# The guide: its frame, what its made tables say. The texts themselves are in docs/guide.
nav-help = Help
help-title = Guide
help-sub = How to set postbacks up, and what to do when one does not come.
help-search = Search the guide
help-all = All topics
help-around = Next topics
help-nothing = Nothing found
help-nothing-how = Try one word instead of several, or its beginning: deposit, tid, macro.
help-found = { $count ->
    [one] { $count } place
   *[other] { $count } places
}
help-code = Example
help-code-url = Link
help-group-start = Start
help-group-postbacks = Postbacks and links
help-group-daily = Every day
help-group-trouble = When something is wrong
help-group-team = Team and moving
help-group-server = Server

help-col-verdict = Verdict
help-col-meaning = What it means
help-col-do = What to do
help-col-flag = Flag
help-col-code = Code
help-col-role = Role
help-col-setting = Setting
help-col-default = Default

help-verdict-accepted = A new event of a lead was recorded.
help-verdict-accepted-fix = Nothing. If there are flags, look through them: the event counts, but something in the link can be better.
help-verdict-updated = The event was known; this request changed its status or added what was missing.
help-verdict-updated-fix = Nothing. What changed is in the request's history.
help-verdict-duplicate = The same event came again and was not counted a second time.
help-verdict-duplicate-fix = Nothing, if the partner simply sent it again. If these were two payments, give each its own `tracker.tid`.
help-verdict-unmatched = The clickid came, but no click and no lead has it.
help-verdict-unmatched-fix = Check which parameter of the link carries the clickid. The request waits and applies itself when the lead appears.
help-verdict-rejected = The request was answered 4xx: it cannot be told what it is about, or the sender was not let in. It is kept.
help-verdict-rejected-fix = Mend what the request's page names, then reprocess it.

help-setting-listen = Address and port on which Clickback answers. Behind a proxy leave the default.
help-setting-data-dir = Folder of the database and the journal. It must be on a local disk.
help-setting-database-url = Address of a PostgreSQL database that several nodes share: `postgres://user:password@host/database`. Without it the database is SQLite in the data folder.
help-setting-inbox-days = Days that received requests are kept in PostgreSQL; whole months are dropped. Forever unless given; at least 30.
help-setting-clicks-days = Days that clicks are kept in PostgreSQL; whole months are dropped. Forever unless given; at least 30.
help-setting-public-url = Address that partners call; it stands in every link. Several with commas: the first is used in new links.
help-setting-trusted-proxies = Proxies in front whose `X-Forwarded-For` is believed: addresses or networks, with commas.
help-setting-max-connections = Connections at the same time.
help-setting-header-timeout = Seconds for the head of a request.
help-setting-body-timeout = Seconds for the body of a request.
help-setting-max-body = Largest body of a postback, bytes.
help-setting-queue = Postbacks that may wait for the disk; what is more gets 503.
help-setting-journal-limit = Bytes of accepted postbacks that may wait to be decided; what is more gets 503.
help-setting-node-name = What this node is called among those that share a database; the machine's name unless given.
help-setting-log-format = Log lines as `text` or `json`.
help-setting-log = How much to log: `error`, `warn`, `info`, `debug`, or a filter such as `clickback=debug`.
help-setting-config = A TOML file with these names.
