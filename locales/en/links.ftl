# Registration links: the list and the form.
links-sub = The partner's links with your clickid inside, to hand to leads.
links-every = All integrations
links-none = No links yet
links-none-here = No links of this integration yet
links-none-how = Paste the link that the partner gave you: `sub4={"{"}{"{"}tracker.clickid{"}"}{"}"}` is added, and each lead gets it with its own clickid.
links-no-integration = Connect a partner first
links-no-integration-how = A registration link needs to know which parameter of the partner carries the clickid.
col-link = Link
link-new = New link
link-sub = For
link-name = Link name
link-name-example = Registration
link-name-how = Only you see it.
link-base = Base URL
link-base-how = The link from the partner's cabinet, as it is.
link-extra = Extra parameters
link-extra-how = Our macros such as `{"{"}{"{"}lead.name{"}"}{"}"}` and `{"{"}{"{"}fields.KEY{"}"}{"}"}` are filled for each lead; everything else stays as it is.
link-param = Parameter
link-value = Value
link-preview = Show the result
link-delete = Delete the link
link-delete-means = The link goes from this page and from lead cards. Those that were handed out go on working.
link-final = Final URL with parameters
link-blank = Paste the base URL, and the ready link appears here.
link-broken = cannot be made: look into it
link-warned = { $count ->
    [one] { $count } thing to look at
   *[other] { $count } things to look at
}
link-rendered = The link for a lead
link-rendered-for = The same for { $name }
link-for-lead = Try it with a lead
link-move = Move `{ $value }` to the postbacks' field mapping as `{ $name }`

link-warning-replaced = The base link already has `{ $name }` with `{ $value }`: it is replaced.
link-warning-fields-in-link = `{ $name }={ $value }` does nothing in a registration link: the partner does not send it back. It belongs into the postbacks.
link-warning-plain-http = The link starts with `http://`. Most partners have `https://`.
link-warning-before-fragment = What stands after `#` looks like a page of its own. The parameters are put before it.
link-warning-single-braces = `{"{"}{ $name }{"}"}` in single braces stays as it is. Ours is written `{"{"}{"{"}{ $name }{"}"}{"}"}`.
link-error-blank = Paste the link that the partner gave you.
link-error-no-scheme = The link has no `https://` in front. Write it as `https://{ $name }`.
link-error-not-http = A link must start with `https://` or `http://`, not with `{ $name }:`.
link-error-macro-in-host = The macro `{ $name }` cannot stand in the address of the site: the link could lead anywhere.
link-error-unknown-macro = `{ $name }` is no macro of ours. Ours are `{"{"}{"{"}tracker.clickid{"}"}{"}"}`, `{"{"}{"{"}fields.KEY{"}"}{"}"}`, `{"{"}{"{"}lead.name{"}"}{"}"}` and `{"{"}{"{"}lead.id{"}"}{"}"}`.
link-error-bad-clickid-param = The clickid parameter `{ $name }` of the integration is no parameter's name.
link-error-too-long = The link is longer than 8,000 characters; servers would cut it.
link-error-not-a-url = This is not a link. Look for blanks, line breaks or a missing part of the address.

notice-link-saved = Link saved
notice-link-deleted = Link deleted
