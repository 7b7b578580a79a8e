"""The daily work of those who sit at the desk, click by click, on the real server."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import expect_saved, opened
from tests.e2e.shop import CAMPAIGN, MEMBER, PASSWORD, POOL, SANDBOX, Shop

_EVENING = """
program: evening
name: Evenings
wallets: [{id: stars, name: Stars}]
earning_rules: [{id: hello, type: fixed, trigger: member.joined, points: 100}]
rewards:
  - id: cupping
    name: A seat at the cupping
    price: 60
    waiting_list: {places: 20, when_unable: leave}
    gives: [{type: experience, event: cupping, capacity: 1}]
"""


def test_an_import_shows_every_bad_row_before_it_writes(browser: Browser, shop: Shop) -> None:
    """Each kind of bad row with its line; nothing is there until the import; then only the good ones."""
    taken = shop.call("GET", f"customers/{MEMBER}/vouchers")["data"][0]["code"]
    rows = ["code,customer", "PRINTED-0001,", f"PRINTED-0002,{MEMBER}", "printed 0001,", "- -,"]
    rows += [f"{taken},", f"PRINTED-0003,nobody-{MEMBER}", ',"anna"', "PRINTED-0004,", ""]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/import-codes")
    page.get_by_label("What the codes are good for").select_option("points/free-shipping")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file…").click()
    buffer = "\r\n".join(rows).encode()
    chooser.value.set_files({"name": "printed.csv", "mimeType": "text/csv", "buffer": buffer})
    expect(page.get_by_label("Name of the pool")).to_have_value("printed")
    page.get_by_role("button", name="Check the list").click()
    bad = page.get_by_role("table", name="Rows that would be left out").get_by_role("row")
    expect(bad).to_have_count(6)
    lines = [row.get_by_role("cell").first.inner_text() for row in bad.all()[1:]]
    assert lines == ["4", "5", "6", "7", "8"]
    expect(bad.nth(1)).to_contain_text("line 2")
    expect(bad.nth(4)).to_contain_text("no such customer")
    watched.shoot_everywhere("journey-import")
    batches = shop.call("GET", "vouchers/batches")["data"]
    assert POOL in {each["id"] for each in batches}
    assert "printed" not in {each["id"] for each in batches}
    page.get_by_role("button", name="Import 3 codes").click()
    expect(page.get_by_text("3 codes are taken over")).to_be_visible()
    page.get_by_role("link", name="printed-2").click()
    expect(page.get_by_role("link", name=MEMBER)).to_be_visible()
    assert shop.call("GET", "vouchers/batches/printed")["codes"] == 2
    assert watched.wrong == []
    watched.context.close()


def test_a_passkey_opens_the_door(browser: Browser, shop: Shop) -> None:
    """Added after the password, used in its place with a finger, removed; then it opens nothing."""
    invited = shop.invited("kim@shop.test", "marketer")
    watched = opened(browser, invited)
    page = watched.page
    device = watched.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    finger = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True, **finger}
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    watched.go(f"/{SANDBOX}/account")
    passkeys = page.get_by_role("region", name="Passkeys")
    passkeys.get_by_role("button", name="Add a passkey…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password, once more").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("The passkey is added")).to_be_visible()
    (credential,) = device.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert credential["rpId"] == "localhost"
    watched.shoot_everywhere("journey-passkey")
    sign_in = page.get_by_role("heading", name="Sign in")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(sign_in).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    watched.go(f"/{SANDBOX}/account")
    passkeys.get_by_role("button", name="Remove Passkey of").click()
    dialog.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The passkey counts no more")).to_be_visible()
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(sign_in).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(sign_in).to_be_visible()
    watched.context.close()


def test_a_large_credit_takes_two_people(browser: Browser, shop: Shop) -> None:
    """What one asks for waits, is nobody's own to approve, and is done once another one wants it."""
    rules = {"second_factor": False, "two_to_publish": False}
    shop.call("PUT", "staff-rules", {**rules, "two_to_credit_above": 1_000})
    mara, nora = (shop.invited(f"{name}@shop.test", "admin") for name in ("four", "eyes"))
    shop.call("PUT", "customers/emil", {"attributes": {}})
    shop.call("POST", "customers/emil/memberships", {"program": "points"})
    before = shop.call("GET", "customers/emil")["wallets"][0]["available"]
    asks = opened(browser, mara)
    asks.go(f"/{SANDBOX}/members/emil")
    asks.page.get_by_role("button", name="Correct points…").click()
    dialog = asks.page.get_by_role("dialog")
    dialog.get_by_label("Points", exact=True).fill("5000")
    dialog.get_by_label("Reason").fill("a prize")
    dialog.get_by_role("button", name="Correct").click()
    expect(asks.page.get_by_text("It waits for a second person under Approvals")).to_be_visible()
    asks.go(f"/{SANDBOX}/approvals")
    expect(asks.page.get_by_text("You asked for it, so somebody else decides.")).to_be_visible()
    assert shop.call("GET", "customers/emil")["wallets"][0]["available"] == before
    asks.context.close()
    approves = opened(browser, nora)
    page = approves.page
    approves.go(f"/{SANDBOX}/approvals")
    approves.shoot_everywhere("journey-approval")
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("table", name="Decided").get_by_role("row")).to_have_count(2)
    assert shop.call("GET", "customers/emil")["wallets"][0]["available"] == before + 5_000
    assert [*asks.wrong, *approves.wrong] == []
    approves.context.close()
    shop.call("PUT", "staff-rules", {**rules, "two_to_credit_above": None})


def test_places_are_reached_from_the_keyboard(browser: Browser, shop: Shop) -> None:
    """Each by its own key after G, one of them by G itself; the second key does nothing else."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}")
    for key, title in (("f", "Referrals"), ("r", "Reports"), ("g", "Segments"), ("c", "Campaigns")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert watched.wrong == []
    watched.context.close()


def test_a_member_is_looked_after(browser: Browser, shop: Shop) -> None:
    """Points by hand with a reason and undone, a note, a block and its end, an export, and at last erased."""
    shop.call("PUT", "customers/dora", {"attributes": {}})
    shop.call("POST", "customers/dora/memberships", {"program": "points"})
    before = shop.call("GET", "customers/dora")["wallets"][0]["available"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/dora")
    page.get_by_role("button", name="Correct points…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Points", exact=True).fill("75")
    dialog.get_by_role("button", name="Correct").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Reason").fill("a late parcel")
    dialog.get_by_role("button", name="Correct").click()
    expect(page.get_by_text("The points are corrected")).to_be_visible()
    assert shop.call("GET", "customers/dora")["wallets"][0]["available"] == before + 75
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The correction is undone")).to_be_visible()
    assert shop.call("GET", "customers/dora")["wallets"][0]["available"] == before
    page.get_by_label("New note").fill("prefers to be called")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("button", name="Remove the note “prefers to be called”")).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Block…").click()
    dialog.get_by_label("Reason").fill("stolen card")
    dialog.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_text("Blocked from earning and spending")).to_be_visible()
    watched.shoot_everywhere("journey-blocked")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Change the block…").click()
    dialog.get_by_role("button", name="Lift the block").click()
    expect(page.get_by_text("Blocked from earning and spending")).to_have_count(0)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Export everything known…").click()
    dialog.get_by_role("button", name="Export everything known").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Reason").fill("asked for it at the desk")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export everything known").click()
    expect(dialog).to_be_hidden()
    assert "prefers to be called" in Path(download.value.path()).read_text()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Erase…").click()
    dialog.get_by_label("Write the id to go on: dora").fill("dora")
    expect(dialog.get_by_role("button", name="Erase for good")).to_be_disabled()
    dialog.get_by_label("Reason").fill("asked to be forgotten")
    dialog.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Members")
    assert shop.status_of("GET", "customers/dora") == 404
    why = {each["action"]: each.get("reason") for each in shop.call("GET", "audit")["data"]}
    assert (why["customer.exported"], why["customer.erased"]) == (
        "asked for it at the desk",
        "asked to be forgotten",
    )
    watched.context.close()


def test_a_correction_is_seen_at_once_and_taken_back_when_refused(browser: Browser, shop: Shop) -> None:
    """The balance moves before the server answers; a refusal moves it back, and its form is there again.

    Two are on their way and a third is being filled in: each answer closes, or brings back, its own form.
    """
    shop.call("PUT", "customers/gus", {"attributes": {}})
    shop.call("POST", "customers/gus/memberships", {"program": "points"})
    before = shop.call("GET", "customers/gus")["wallets"][0]["available"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/gus")
    balance = page.get_by_text("available", exact=True).locator("xpath=preceding-sibling::span")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/adjustments", hold)
    dialog = page.get_by_role("dialog")

    def fill(points: str) -> None:
        page.get_by_role("button", name="Correct points…").click()
        expect(dialog.get_by_label("Points", exact=True)).to_have_value("")
        dialog.get_by_label("Points", exact=True).fill(points)
        dialog.get_by_label("Reason").fill("a late parcel")

    for points, seen in (("75", before + 75), ("-9000", before + 75 - 9_000)):
        fill(points)
        with page.expect_request("**/v1/adjustments"):
            dialog.get_by_role("button", name="Correct").click()
        expect(balance).to_have_text(f"{seen:,}")
    fill("20")
    given, taken = held
    given.continue_()
    expect(page.get_by_text("The points are corrected")).to_be_visible()
    expect(dialog.get_by_label("Points", exact=True)).to_have_value("20")
    assert shop.call("GET", "customers/gus")["wallets"][0]["available"] == before + 75
    expect(balance).to_have_text(f"{before + 75 - 9_000:,}")
    taken.continue_()
    expect(balance).to_have_text(f"{before + 75:,}")
    expect(dialog.get_by_label("Points", exact=True)).to_have_value("20")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("Points", exact=True)).to_have_value("-9000")
    assert shop.call("GET", "customers/gus")["wallets"][0]["available"] == before + 75
    watched.context.close()


def test_a_consent_is_recorded_and_withdrawn(browser: Browser, shop: Shop) -> None:
    """At the desk: what for, over which channel and from where; what was said before stays readable."""
    shop.call("PUT", "customers/mia", {"attributes": {}})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/mia")
    panel = page.get_by_role("region", name="Consents")
    expect(panel.get_by_text("Nothing was agreed to yet")).to_be_visible()
    watched.shoot_everywhere("journey-no-consents")
    panel.get_by_role("button", name="Record a consent…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Purpose", exact=True).select_option("+")
    dialog.get_by_label("Name of the purpose").fill("Spring Sale")
    dialog.get_by_role("button", name="Record", exact=True).click()
    expect(dialog.get_by_text("beginning with a letter")).to_be_visible()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Name of the purpose").fill("spring-sale")
    dialog.get_by_label("Channel").select_option("kakaotalk")
    dialog.get_by_label("Where it was said").select_option("paper")
    dialog.get_by_label("Proof").fill("form-17")
    dialog.get_by_label("Reason").fill("signed at the counter")
    dialog.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("The consent is recorded")).to_be_visible()
    row = panel.get_by_role("table", name="Consents").get_by_role("row").nth(1)
    for words in ("spring-sale", "KakaoTalk", "given", "Paper form", "form-17"):
        expect(row).to_contain_text(words)
    (known,) = shop.call("GET", "customers/mia")["consents"]
    told = {name: known[name] for name in ("channel", "purpose", "state", "source", "proof")}
    assert told == {
        "channel": "kakaotalk",
        "purpose": "spring-sale",
        "state": "given",
        "source": "paper",
        "proof": "form-17",
    }
    row.get_by_role("button", name="Withdraw… spring-sale, KakaoTalk").click()
    expect(dialog.get_by_label("What the member says")).to_have_value("withdrawn")
    expect(dialog.get_by_label("Version of the text")).to_have_count(0)
    dialog.get_by_label("Reason").fill("wants no more of it")
    dialog.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("The withdrawal is recorded")).to_be_visible()
    expect(row).to_contain_text("withdrawn")
    panel.get_by_role("button", name="Show all that was said").click()
    history = panel.get_by_role("table", name="All that was said").get_by_role("row")
    expect(history).to_have_count(3)
    expect(history.nth(1)).to_contain_text("wants no more of it")
    expect(history.nth(2)).to_contain_text("signed at the counter")
    watched.shoot_everywhere("journey-consents")
    assert [each["state"] for each in shop.call("GET", "customers/mia/consents")["data"]] == [
        "withdrawn",
        "given",
    ]
    assert watched.wrong == []
    watched.context.close()


def test_consents_are_asked_for_and_told_in_words(browser: Browser, shop: Shop) -> None:
    """The builder of conditions names what may be sent and over which channel, and so does a test case."""
    before = shop.call("GET", "programs/points/draft")["document"]
    consent = {"channel": "email", "purpose": "newsletter", "state": "given", "source": "web"}
    shop.call("PUT", "customers/nora", {"consents": [consent]})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/programs/points")
    page.get_by_role("button", name="Change: Welcome").click()
    card = page.get_by_role("article", name="Welcome")
    card.get_by_role("button", name="Add a part").click()
    page.get_by_role("menuitem", name="A comparison").click()
    card.get_by_role("combobox", name="What is asked").click()
    page.get_by_role("option", name="the customer's consents").click()
    values = card.get_by_role("combobox", name="Values")
    values.click()
    page.get_by_role("option", name="newsletter (e-mail)").click()
    values.press("Escape")
    expect(card.get_by_text("newsletter (e-mail)", exact=True)).to_be_visible()
    watched.shoot("journey-condition-of-consents")
    page.get_by_role("button", name="Save the draft").click()
    expect_saved(page)
    assert "email.newsletter" in shop.call("GET", "programs/points/draft")["document"]
    shop.call("POST", "programs/points/publish", {"note": "asks for consents"})
    order = {
        "customer": "nora",
        "status": "paid",
        "currency": "USD",
        "lines": [{"sku": "lamp", "amount": 900}],
    }
    shop.call("PUT", "orders/nora-1", order)
    watched.go(f"/{SANDBOX}/members/nora?tab=timeline&why=nora-1&of=order&make=points")
    expect(page.get_by_text("The member has consented to: Newsletter (E-mail)")).to_be_visible()
    watched.shoot("journey-case-of-consents")
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", "programs/points/draft", yaml=before)
    shop.call("POST", "programs/points/publish", {"note": "as it was"})


def test_two_accounts_become_one(browser: Browser, shop: Shop) -> None:
    """The other account is found by the name, both are shown side by side, and the reason is asked for."""
    for name in ("theo", "theo-web"):
        shop.call("PUT", f"customers/{name}", {"attributes": {"name": "Theo Sommer"}})
        shop.call("POST", f"customers/{name}/memberships", {"program": "points"})
    before = [
        shop.call("GET", f"customers/{name}")["wallets"][0]["available"] for name in ("theo", "theo-web")
    ]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/theo-web")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Merge into another account…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Find the account that stays")).to_have_value("Theo Sommer")
    dialog.get_by_label("The account that stays", exact=True).select_option("theo")
    expect(dialog.get_by_role("row", name="Tier, Points")).to_contain_text("Bronze")
    watched.shoot("journey-merge")
    dialog.get_by_role("button", name="Merge for good").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Reason").fill("asked at the till")
    dialog.get_by_role("button", name="Merge for good").click()
    expect(page.get_by_text("theo-web is part of theo now")).to_be_visible()
    assert page.url.endswith("/members/theo")
    assert shop.call("GET", "customers/theo")["wallets"][0]["available"] == sum(before)
    assert shop.call("GET", "customers/theo-web")["id"] == "theo"
    assert watched.wrong == []
    watched.context.close()


def test_a_member_is_given_a_code_to_pass_on(browser: Browser, shop: Shop) -> None:
    """One out of a pool, at the desk: it is the member's, and everybody's but theirs to use."""
    shop.call("PUT", "customers/mia", {"attributes": {}})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/mia?tab=vouchers")
    expect(page.get_by_text("No vouchers")).to_be_visible()
    page.get_by_role("button", name="Give a code…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reward").select_option("Free shipping")
    dialog.get_by_label("To be passed on").check()
    dialog.get_by_role("button", name="Give the code").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("table", name="Vouchers").get_by_role("row").filter(has_text="Free shipping")
    expect(row).to_contain_text("to pass on")
    given = shop.call("GET", "customers/mia/vouchers")["data"]
    assert [(each["reward"], each["for_friends"]) for each in given] == [("points/free-shipping", True)]
    assert watched.wrong == []
    watched.context.close()


def test_a_member_waits_in_line_and_leaves_it(browser: Browser, shop: Shop) -> None:
    """A seat that is taken: the line is joined at the desk, shows the place, moves, and is left again."""
    shop.call("PUT", "programs/evening/draft", yaml=_EVENING)
    shop.call("POST", "programs/evening/publish", {})
    for name in ("ida", "jon", "kim"):
        shop.call("POST", f"customers/{name}/memberships", {"program": "evening"})
    shop.call("POST", "customers/ida/claims", {"id": "ida-1", "reward": "evening/cupping"})
    shop.call("POST", "customers/jon/waits", {"id": "jon-1", "reward": "evening/cupping"})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/kim?tab=vouchers")
    page.get_by_role("button", name="Wait in line…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Reward")).to_have_value("evening/cupping")
    dialog.get_by_role("button", name="Wait in line").click()
    row = page.get_by_role("table", name="Waiting lists").get_by_role("row").filter(has_text="cupping")
    expect(row).to_contain_text("2 of 2")
    expect(row).to_contain_text("A seat at the cupping")
    expect(page.get_by_role("button", name="Wait in line…")).to_have_count(0)
    watched.shoot_everywhere("journey-waiting")
    assert watched.barriers() == []
    shop.call("DELETE", "customers/jon/waits/jon-1")
    expect(row).to_contain_text("1 of 1")
    row.get_by_role("button", name="Leave the line").click()
    # The page says so before the server does.
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        dialog.get_by_role("button", name="Leave the line").click()
    expect(row).to_contain_text("left the line")
    assert shop.call("GET", "customers/kim/waits")["data"][0]["state"] == "left"
    assert watched.wrong == []
    watched.context.close()


def test_what_happens_elsewhere_is_seen_without_a_click(browser: Browser, shop: Shop) -> None:
    """The banner counts what is off, a list shows who asks, a balance moves: each looks again by itself."""
    rules = {"second_factor": False, "two_to_publish": False}
    shop.call("PUT", "staff-rules", {**rules, "two_to_credit_above": 1_000})
    shop.call("PUT", "customers/hal", {"attributes": {}})
    shop.call("POST", "customers/hal/memberships", {"program": "points"})
    credit = {"customer": "hal", "wallet": "points/points", "reason": "a prize"}

    def switch(kind: str, name: str, *, off: bool) -> None:
        turned = {"kind": kind, "program": "points", "id": name}
        shop.call("POST", "switches", {"object": turned, "off": off, "reason": "a rehearsal"})

    watched = opened(browser, shop)
    page = watched.page
    page.clock.install()

    def later() -> None:
        page.clock.fast_forward(31_000)

    watched.go(f"/{SANDBOX}/approvals")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    banner = page.get_by_role("status").filter(has_text="switched off")
    expect(banner).to_have_count(0)
    shop.call("POST", "adjustments", {**credit, "id": "prize-1", "points": 5_000})
    switch("reward", "five-off", off=True)
    switch("campaign", CAMPAIGN, off=True)
    expect(banner).to_have_count(0)
    later()
    expect(banner).to_contain_text("2 things are switched off.")
    expect(
        page.get_by_role("button", name="Approve…").or_(page.get_by_text("You asked for it"))
    ).to_be_visible()
    switch("reward", "five-off", off=False)
    later()
    expect(banner).to_contain_text("1 thing is switched off.")
    switch("campaign", CAMPAIGN, off=False)
    later()
    expect(banner).to_have_count(0)
    watched.go(f"/{SANDBOX}/members/hal")
    balance = page.get_by_text("available", exact=True).locator("xpath=preceding-sibling::span")
    before = shop.call("GET", "customers/hal")["wallets"][0]["available"]
    expect(balance).to_have_text(f"{before:,}")
    shop.call("POST", "adjustments", {**credit, "id": "prize-2", "points": 25})
    later()
    expect(balance).to_have_text(f"{before + 25:,}")
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", "staff-rules", {**rules, "two_to_credit_above": None})
