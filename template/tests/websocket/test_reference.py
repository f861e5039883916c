"""docs/reference.md lists the events."""

from pathlib import Path

from dev.reference.code import events

SERVICE = """
class KettleService:
    async def start(self, kettle):
        self.log("kettle.jpg is no event")
        self._publish("kettle.started", kettle)

    def _publish(self, name, kettle):
        self.events.publish_event(self.session, Event(name, kettle.owner_id, KettleRead, kettle))
"""
WORKER = 'publisher.publish_event(session, Event("tea.ready", tea.owner_id, TeaRead, tea))\n'


def test_the_page_lists_the_events_that_the_code_publishes(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "kettle.py").write_text(SERVICE)
    (tmp_path / "app" / "worker.py").write_text(WORKER)
    (tmp_path / "app" / "jobs.py").write_text('NAME = "report.make"\n')

    assert events(tmp_path) == [
        ("`kettle.started`", "`KettleRead`"),
        ("`tea.ready`", "`TeaRead`"),
    ]
