"""The Room tab: a teacher opens a room, others join by its code, and all their runs stand on one board."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import gradio as gr
import segno

from engines.knobs import Config
from engines.messages import ConfigError
from engines.running.room.rooms import CODE_LENGTH, NAME_LENGTH, Room
from engines.running.room.tiles import tiles
from tabs.page.forms import ChoiceList, Form
from tabs.page.language import t
from tabs.page.learn import learn_panel
from tabs.page.links import Query
from tabs.page.markup import panel, speaker
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, Shared, after, find_run
from tabs.room.actions import RoomActions
from tabs.room.view import board_view

ENGINE = "room"  # by which links name this tab; nothing computes under it
CODE = "room"  # of a link
COMPARING = "comparison"  # the page of Learn
LONGEST_LINK = 400  # characters of a link that becomes a QR code
INTRO = (
    "Learn together: a teacher opens a room, others join by its code, without an account. Everyone starts runs in the"
    " other tabs as always; here stands each with its latest picture or line, best first. They share the machine in"
    " turns of a few seconds. Everyone in the room may watch every run in it, but for what learns from uploads."
)
SHARED = "Else only their numbers are on the board."
LINK = """(code) => {
  if (!code) return "";
  const link = new URL(location.pathname, location.href);
  link.searchParams.set("tab", "room");
  link.searchParams.set("room", code);
  return link.href;
}"""
COPY = """async (link) => {
  try { await navigator.clipboard.writeText(link); } catch { window.prompt("", link); }
}"""


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    tab = RoomTab(RoomActions(shared.runs, shared.gate))
    tab.build_layout()
    tab.add_endpoints()
    tab.wire(shared)


class RoomTab:
    """The tab's components and the handlers that update them."""

    def __init__(self, actions: RoomActions) -> None:
        self.actions, self.runs, self.rooms = actions, actions.runs, actions.rooms

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self) -> None:
        """Make the components: what is for going in, the board, and what one may do in it."""
        gr.Markdown(t(INTRO))
        with gr.Row(equal_height=True):
            self.name = gr.Textbox(
                label=t("Your name, as the others see it"), max_length=NAME_LENGTH, max_lines=1, elem_id="room-name"
            )
            self.code = gr.Textbox(
                label=t("Code of the room"), max_length=CODE_LENGTH + 4, max_lines=1, elem_id="room-code"
            )
        with gr.Row():
            self.join = gr.Button(t("Join the room"), variant="primary", elem_id="room-join")
            self.open = gr.Button(t("Open a room of my own"), elem_id="room-open")
        with gr.Row():
            self.copy = gr.Button(t("Copy link to this room"), visible=False, size="md", elem_id="room-copy")
            self.leave = gr.Button(t("Leave the room"), visible=False, size="md", elem_id="room-leave")
            self.freeze = gr.Button(t("Freeze"), visible=False, size="md", elem_id="room-freeze")
            self.summary = gr.Button(t("Summary as ZIP"), visible=False, size="md", elem_id="room-summary")
        self.shows = gr.Checkbox(
            label=t("Show the room what my runs make of my own uploads"),
            info=t(SHARED),
            visible=False,
            elem_id="room-shows",
        )
        with gr.Row():
            self.screen = ChoiceList(
                [(t("Nothing"), "")], value="", label=t("On the big screen"), visible=False, elem_id="room-screen"
            )
            self.removed = ChoiceList(
                [(t("Nobody"), "")], value="", label=t("Take somebody out"), visible=False, elem_id="room-remove"
            )
        self.link = gr.Textbox(visible=False)
        self.qr = panel("room-qr")
        self.file = download_field("room-file")
        self.board = board_view("room-board")
        learn_panel(COMPARING, Form(Config, ENGINE))

    @property
    def inside(self) -> list[gr.Component]:
        """All that depends on the room that one is in."""
        entrance = [self.name, self.code, self.join, self.open]
        tools = [self.copy, self.leave, self.freeze, self.summary, self.shows, self.screen, self.removed]
        return [*entrance, *tools, self.board]

    # --- wiring ------------------------------------------------------------------------------------------

    def add_endpoints(self) -> None:
        """What a script can do."""
        for name in ("room_open", "room_join", "room_board", "room_control"):
            gr.api(getattr(self.actions, name), api_name=name, queue=False)

    def wire(self, shared: Shared) -> None:
        """Connect events to handlers."""
        owner = shared.owner
        shared.openings[ENGINE].then(self.arrive, [owner, shared.visit], self.inside, **QUICK)
        self.join.click(self.go_in, [owner, self.code, self.name], self.inside, **QUICK)
        self.code.submit(self.go_in, [owner, self.code, self.name], self.inside, **QUICK)
        self.open.click(self.begin, [owner, self.name], self.inside, **QUICK)
        sure = gr.State(False)  # whether the teacher was asked if the room is to be closed
        self.leave.click(self.go_out, [owner, sure], [sure, *self.inside], **QUICK)
        self.freeze.click(self.turn, owner, self.inside, **QUICK)
        self.shows.input(self.share, [owner, self.shows], None, **QUICK)
        after(self.board.tick).then(self.list_all, [owner, self.screen], [self.screen, self.removed], **FOLLOW)
        self.screen.input(self.put_on_screen, [owner, self.screen], None, **QUICK)
        self.removed.input(self.take_out, [owner, self.removed], self.removed, **QUICK)
        self.board.change(None, self.board, self.link, js=LINK)
        self.link.change(self.draw_code, [owner, self.link], self.qr, **QUICK)
        self.copy.click(None, self.link, js=COPY)
        key = gr.Textbox(visible=False)
        asked = self.summary.click(lambda owner: owner, owner, key, **QUICK)
        made = asked.then(self.actions.room_summary, key, self.file, api_name="room_summary")
        made.success(None, self.file, js=DOWNLOAD)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query) -> list[Any]:
        """The room that the visitor is in; else the form, with the code of the link."""
        return self.show(self.rooms.of(owner), owner, visit.get(CODE) or "")

    def go_in(self, owner: str, code: str, name: str, request: gr.Request) -> list[Any]:
        """Join a room."""
        with polite(request):
            if not (code or "").strip():
                raise ConfigError("Type the code of the room first.")
            return self.show(self.actions.enter(code, owner, name, request), owner)

    def begin(self, owner: str, name: str, request: gr.Request) -> list[Any]:
        """Open a room."""
        with polite(request):
            return self.show(self.actions.enter("", owner, name, request), owner)

    def go_out(self, owner: str, sure: bool, request: gr.Request) -> list[Any]:
        """Leave the room; its teacher, who is asked once, closes it for all."""
        with polite(request):
            room = self.rooms.of(owner)
            if room and room.led_by(owner) and not sure:
                shown = self.show(room, owner)
                shown[self.inside.index(self.leave)] = gr.update(value=t("Press again to close it for everyone"))
                return [True, *shown]
            self.rooms.leave(owner)
            return [False, *self.show(None, owner)]

    def turn(self, owner: str, request: gr.Request) -> list[Any]:
        """Freeze the room, or let it go on."""
        with polite(request):
            return self.show(self.rooms.freeze(owner, not self.rooms.led(owner).frozen), owner)

    def share(self, owner: str, shows: bool, request: gr.Request) -> None:
        """Show the room one's uploads' runs, or not."""
        with polite(request):
            self.rooms.share(owner, shows)

    def put_on_screen(self, owner: str, run_id: str | None, request: gr.Request) -> None:
        """Show one run large, on everyone's page."""
        with polite(request):
            self.actions.show(owner, run_id or "")

    def take_out(self, owner: str, name: str | None, request: gr.Request) -> dict[str, Any]:
        """Remove a name."""
        with polite(request):
            if name:
                self.rooms.remove(owner, name)
            return self.list_names(owner, request)

    def list_all(self, owner: str, chosen: str | None, request: gr.Request) -> list[Any]:
        """Both lists of the teacher, as people and runs come and go."""
        return [self.list_runs(owner, chosen, request), self.list_names(owner, request)]

    def list_runs(self, owner: str, chosen: str | None, request: gr.Request) -> dict[str, Any]:
        """What can be put on the big screen now."""
        room, say = self.rooms.of(owner), speaker(request)
        found = [tile for tile in tiles(self.runs, room) if not tile.hidden] if room else []
        choices = [(f"{tile.name} · {say(self.runs.title(tile.run.engine))}", tile.run.id) for tile in found]
        kept = chosen if chosen and find_run(self.runs, chosen) else ""
        return gr.update(choices=[(say("Nothing"), ""), *choices], value=kept)

    def list_names(self, owner: str, request: gr.Request) -> dict[str, Any]:
        """Who can be taken out now."""
        room, say = self.rooms.of(owner), speaker(request)
        names = [member.name for mark, member in room.present.items() if mark != room.teacher] if room else []
        return gr.update(choices=[(say("Nobody"), ""), *((name, name) for name in names)], value="")

    def draw_code(self, owner: str, link: str, request: gr.Request) -> str:
        """The QR code of the room's link, for its teacher to show."""
        room = self.rooms.of(owner)
        if room is None or not room.led_by(owner) or not link.startswith("http") or len(link) > LONGEST_LINK:
            return ""
        drawn = io.BytesIO()
        segno.make(link, micro=False).save(drawn, kind="svg", scale=5, border=2, light="white", xmldecl=False)
        picture = drawn.getvalue().decode().replace("<svg ", f'<svg role="img" aria-label="{escape(link)}" ', 1)
        say = speaker(request)
        words = say("Join by this code, or type the letters: {code}", code=room.code)
        words += f"<br><small>{escape(link)}</small>"
        return f'<figure class="qr">{picture}<figcaption>{words}</figcaption></figure>'

    def show(self, room: Room | None, owner: str, code: str = "") -> list[Any]:
        """Everything as it is for who is in this room, or in none."""
        within, leads = room is not None, room is not None and room.led_by(owner)
        out = gr.update(visible=not within)
        return [
            out,
            gr.update(visible=not within, value=code),
            out,
            out,
            gr.update(visible=within),
            gr.update(visible=within, value=t("Close the room" if leads else "Leave the room")),
            gr.update(visible=leads, value=t("Let it go on" if leads and room.frozen else "Freeze")),
            gr.update(visible=leads),
            gr.update(visible=within, value=within and self.rooms.shows(owner)),
            gr.update(visible=leads),
            gr.update(visible=leads),
            room.code if within else "",
        ]
