"""The Celery app: one task that runs a job of ``schedule.JOBS``, and the beat that asks for it.

The broker is only a hint. Embedded, it is an SQLite file of its own; in production Redis.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init
from kombu import Exchange, Queue
from kombu.transport.sqlalchemy import Transport as SqlTransport

from config import Settings
from marketplace.app import create_app
from marketplace.foundation import heap
from marketplace.schedule import JOBS, QUEUES, WATCHES, Job

log = logging.getLogger(__name__)
flask_app = create_app()
heap.settle()
settings: Settings = flask_app.config["SETTINGS"]
EMBEDDED = settings.broker_url.startswith("sqla+sqlite:///")
_BY_NAME = {job.function: job for job in (*JOBS, *WATCHES)}

# cannot be given as a transport option: kombu hands those to create_engine
SqlTransport.polling_interval = 0.2


def _beat_entry(job: Job) -> dict[str, Any]:
    return {
        "task": "marketplace.run_job",
        "schedule": float(job.seconds),
        "args": (job.function,),
        # a scan that could not start in time is not worth running late: the next one is coming
        "options": {"queue": job.queue, "expires": max(10, job.seconds)},
    }


celery = Celery("marketplace", broker=settings.broker_url)
celery.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
    task_default_queue=QUEUES[0],
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={} if EMBEDDED else {"visibility_timeout": 300},
    beat_schedule={job.function: _beat_entry(job) for job in (*JOBS, *WATCHES)}
    | (
        {
            "broker": {
                "task": "marketplace.sweep_broker",
                "schedule": 600.0,
                "options": {"queue": QUEUES[0], "expires": 600},
            }
        }
        if EMBEDDED
        else {}
    ),
    beat_schedule_filename=str(settings.data_dir / "beat-schedule"),
    timezone="Asia/Shanghai",
)


@celery.task(name="marketplace.run_job")
def run_job(function: str) -> int:
    """Run one job of the schedule; safe to run twice, late or side by side."""
    job = _BY_NAME[function]
    with flask_app.app_context():
        done = job.resolve()()
    if done:
        log.info("%s: %d", job.name, done)
    return done


@celery.task(name="marketplace.sweep_broker")
def sweep_broker() -> int:
    """Delete consumed messages of the embedded broker, which keeps them for ever."""
    if not EMBEDDED:
        return 0
    with sqlite3.connect(_broker_file(), timeout=10) as connection:
        return connection.execute("DELETE FROM kombu_message WHERE visible = 0").rowcount


def _broker_file() -> Path:
    return Path(settings.broker_url.removeprefix("sqla+sqlite:///"))


@worker_init.connect
def _prepare_broker(**_: Any) -> None:
    """Write-ahead logging for the embedded broker, set once in the file itself."""
    if not EMBEDDED:
        return
    _broker_file().parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(_broker_file(), timeout=10) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
