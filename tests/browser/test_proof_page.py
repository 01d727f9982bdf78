"""The browser verifies by itself, and finds what was changed on the way to it."""

import re

from playwright.sync_api import expect
from tests.support.browser_pages import Watch
from tests.support.loopback_proxy import loopback_proxy
from tests.support.server_process import ServerProcess

STEPS = ["leaf", "proof", "signature", "path", "known"]


def states(page) -> dict[str, str]:
    return {name: page.locator(f'[data-step="{name}"]').get_attribute("data-state") for name in STEPS}


def test_an_entry_verifies_step_by_step(open_page) -> None:
    page = open_page("/ui/default/proof/257")
    expect(page.locator("[data-verdict=ok]")).to_contain_text("It verifies")
    assert states(page) == {"leaf": "ok", "proof": "ok", "signature": "ok", "path": "ok", "known": "new"}
    expect(page.locator('[data-step="signature"]')).to_contain_text("WebCrypto")
    page.get_by_text("steps from the leaf to the root").click()
    assert page.locator('[data-step="path"] tbody tr').count() >= 5
    expect(page.get_by_text("It cannot vouch for that server")).to_be_visible()
    expect(page.get_by_text("graven prove 257 --log default")).to_be_visible()


def test_a_browser_that_met_the_log_just_now_says_so_and_later_since_when(open_page) -> None:
    page = open_page("/ui/default/proof/3")
    known = page.locator('[data-step="known"]')
    expect(known).to_contain_text("This browser met the log for the first time")
    expect(known).to_contain_text("this tells little yet")
    page.reload()
    expect(known).to_contain_text("The log is the one that this browser knows since")
    expect(known).to_have_attribute("data-state", "ok")


def test_the_entry_is_told_and_the_verdict_says_what_it_does_not_show(open_page) -> None:
    page = open_page("/ui/default/proof/3")
    expect(page.locator(".what")).to_have_text(re.compile("Event 3 alice created order 3"))
    expect(page.get_by_role("link", name="Event 3")).to_have_attribute("href", "/ui/default/event/3")
    verdict = page.locator("[data-verdict=ok]")
    expect(verdict).to_contain_text("not that what it says is true, nor that this server is honest")
    verdict.get_by_role("link", name="Who vouches for this page?").click()
    heading = page.get_by_role("heading", name="Who vouches for this page?")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert page.url.endswith("/proof/3")


def test_without_webcrypto_the_vendored_code_verifies(open_page) -> None:
    page = open_page("/ui/default/runs")
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})")
    page.goto("/ui/default/proof/3")
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    expect(page.locator('[data-step="signature"]')).to_contain_text("noble-ed25519")


def test_a_changed_byte_of_an_entry_is_found(open_page, site: ServerProcess, watch: Watch) -> None:
    with loopback_proxy(site.url) as proxy:
        watch.origins.add(proxy.url.partition("//")[2])
        page = open_page("/ui/default/proof/7", url=proxy.url)
        expect(page.locator("[data-verdict=ok]")).to_be_visible()
        proxy.change(r"/v1/logs/default/events/7", lambda body: body.replace(b"alice", b"malic"))
        page.get_by_role("button", name="Verify again").click()
        expect(page.locator("[data-verdict=failed]")).to_contain_text("It does not verify")
        found = states(page)
        assert (found["leaf"], found["signature"], found["path"]) == ("ok", "ok", "failed")


def test_a_changed_hash_and_a_changed_signature_are_found(open_page, site: ServerProcess, watch: Watch) -> None:
    def other_root(body: bytes) -> bytes:
        lines = body.split(b"\n")
        at = lines.index(b"") + 3  # origin, size, root
        lines[at] = b"A" * 43 + b"="
        return b"\n".join(lines)

    def other_hash(body: bytes) -> bytes:
        lines = body.split(b"\n")
        lines[2] = b"A" * 43 + b"="
        return b"\n".join(lines)

    with loopback_proxy(site.url) as proxy:
        watch.origins.add(proxy.url.partition("//")[2])
        proxy.change(r"/v1/logs/default/events/7/proof", other_root)
        page = open_page("/ui/default/proof/7", url=proxy.url)
        expect(page.locator("[data-verdict=failed]")).to_be_visible()
        assert states(page)["signature"] == "failed"
        proxy.honest()
        proxy.change(r"/v1/logs/default/events/7/proof", other_hash)
        page.get_by_role("button", name="Verify again").click()
        expect(page.locator('[data-step="path"]')).to_have_attribute("data-state", "failed")
        assert states(page)["signature"] == "ok"


def test_the_proof_can_be_taken_along(open_page, site: ServerProcess, tmp_path) -> None:
    page = open_page("/ui/default/proof/42")
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    with page.expect_download() as proof:
        page.get_by_role("button", name="Download the proof").click()
    with page.expect_download() as entry:
        page.get_by_role("button", name="Download the entry's bytes").click()
    assert (proof.value.suggested_filename, entry.value.suggested_filename) == (
        "default-42.tlog-proof",
        "default-42.entry",
    )
    proof.value.save_as(tmp_path / "p.tlog-proof")
    entry.value.save_as(tmp_path / "p.entry")

    from graven.tlog.keys import VerifierKey
    from graven.tlog.proof import parse_proof, verify_proof

    key = VerifierKey.parse((site.data / "logs" / "default" / "log.vkey").read_text().strip())
    parsed = parse_proof((tmp_path / "p.tlog-proof").read_bytes())
    assert parsed.index == 42
    verify_proof(parsed, (tmp_path / "p.entry").read_bytes(), key)


def test_an_entry_that_is_not_there_is_said(open_page, watch: Watch) -> None:
    watch.expect("404")
    page = open_page("/ui/default/proof/999999")
    expect(page.get_by_role("alert").get_by_role("heading", name="Not found")).to_be_visible()


def test_one_can_go_on_to_another_entry(open_page) -> None:
    page = open_page("/ui/default/proof/0")
    page.get_by_label("Entry").fill("5")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page).to_have_url(re.compile(r"/ui/default/proof/5$"))
    expect(page.get_by_role("heading", name="Is entry 5 genuine?")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Is entry 0 genuine?")).to_be_visible()
