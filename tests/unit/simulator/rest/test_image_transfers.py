# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are downloaded and uploaded through the daemon that real hosts run."""

from __future__ import annotations

import io
import json
import ssl
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import ovirtsdk4
import pytest
from ovirt_imageio.client import ImageioClient
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from ovirt_simulator.__main__ import main
from ovirt_simulator.engine import domains, schema
from ovirt_simulator.ovf import store
from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites
from simulated_world import Clock
from wire_client import Client, east

DOWNLOAD = types.ImageTransferDirection.DOWNLOAD
UPLOAD = types.ImageTransferDirection.UPLOAD
PHASE = types.ImageTransferPhase
VAULT = east("domain", "vault")


def ovf_store(api: SystemService) -> str:
    """Return a freshly written OVF store of the vault."""
    domain = api.storage_domains_service().storage_domain_service(VAULT)
    domain.update_ovf_store()
    found = [one for one in domain.disks_service().list() if one.content_type == types.DiskContentType.OVF_STORE]
    assert len(found) == 2
    return str(found[0].id)


def begin(api: SystemService, disk_id: str, direction: types.ImageTransferDirection, **more: object) -> str:
    wanted = types.ImageTransfer(disk=types.Disk(id=disk_id), direction=direction, **more)
    return str(api.image_transfers_service().add(wanted).id)


def look(api: SystemService, transfer_id: str) -> types.ImageTransfer:
    return api.image_transfers_service().image_transfer_service(transfer_id).get()


def act(api: SystemService, transfer_id: str, action: str) -> types.ImageTransferPhase:
    """Carry an action out; return the phase after it."""
    service = api.image_transfers_service().image_transfer_service(transfer_id)
    getattr(service, action)()
    return service.get().phase


def floating_disk(api: SystemService) -> str:
    """Return a new raw disk."""
    disk = types.Disk(
        name="floating",
        format=types.DiskFormat.RAW,
        sparse=True,
        provisioned_size=1 << 20,
        storage_domains=[types.StorageDomain(id=east("domain", "east-data"))],
    )
    return str(api.disks_service().add(disk).id)


def status_of(client: Client, disk_id: str) -> str | None:
    return client.get(f"/disks/{disk_id}").xml.findtext("status")


def stored_payload(site: SimulatedSite, disk_id: str) -> tuple[bytes, int | None]:
    """Return what lies on storage, and how much of it the volume's description says is content."""
    with site.engine.transaction() as context:
        image = domains.contents_of(context, domains.find(context, VAULT)).images(disk_id)[0]
        facts = store.read_description(image.description)
        assert facts is not None
        return image.payload or b"", facts.size


def fetch(url: str, first: int, last: int, ca_file: str | None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"Range": f"bytes={first}-{last}"})
    context = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(request, timeout=10, context=context) as response:
        return response.status, response.read()


@pytest.mark.conforms("workloads 2.1")
def test_an_ovf_store_is_downloaded_with_the_official_client(primary: SimulatedSite, api: SystemService) -> None:
    disk_id = ovf_store(api)
    payload, size = stored_payload(primary, disk_id)
    transfer = look(api, begin(api, disk_id, DOWNLOAD))
    assert transfer.phase == PHASE.TRANSFERRING and transfer.proxy_url == transfer.transfer_url
    output = io.BytesIO()
    with ImageioClient(transfer.transfer_url, cafile=primary.ca_file) as images:
        assert images.size() == 128 << 20
        images.write_to(output, 0, len(payload))
    assert output.getvalue() == payload and size == len(payload)
    with tarfile.open(fileobj=io.BytesIO(output.getvalue())) as archive:
        names = archive.getnames()
        info = json.loads(archive.extractfile("info.json").read())  # type: ignore[union-attr]
        web = archive.extractfile(f"{east('vm', 'web')}.ovf").read()  # type: ignore[union-attr]
    assert names[0] == "info.json" and "metadata.json" in names and b"<Name>web</Name>" in web
    assert info["Storage Domains"] == [{"uuid": VAULT}]
    assert act(api, transfer.id, "finalize") == PHASE.FINISHED_SUCCESS


def test_plain_range_reads_do_with_the_sites_authority_only(primary: SimulatedSite, api: SystemService) -> None:
    disk_id = ovf_store(api)
    payload, _unused = stored_payload(primary, disk_id)
    transfer = look(api, begin(api, disk_id, DOWNLOAD))
    url, end = transfer.transfer_url, len(payload)
    assert fetch(url, 0, 511, primary.ca_file) == (206, payload[:512])
    assert fetch(url, 512, end + 511, primary.ca_file) == (206, payload[512:] + bytes(512))
    with pytest.raises(urllib.error.URLError) as refused:
        fetch(url, 0, 511, None)
    assert isinstance(refused.value.reason, ssl.SSLCertVerificationError)
    act(api, transfer.id, "finalize")
    with pytest.raises(urllib.error.HTTPError) as gone:
        fetch(url, 0, 511, primary.ca_file)
    assert gone.value.code in (403, 404)
    assert look(api, transfer.id).transfer_url is None


@pytest.mark.conforms("storage 5.3")
def test_a_transfer_in_progress_keeps_its_domain_active(api: SystemService, client: Client) -> None:
    disk_id = ovf_store(api)
    attached = f"/datacenters/{east('data_center', 'east')}/storagedomains/{VAULT}"
    api.vms_service().vm_service(east("vm", "web")).stop()
    transfer_id = begin(api, disk_id, DOWNLOAD)
    refusal = client.post(f"{attached}/deactivate")
    assert refusal.status == 409 and "transferred" in refusal.text
    act(api, transfer_id, "finalize")
    assert client.post(f"{attached}/deactivate").status == 200
    assert client.get(attached).xml.findtext("status") == "maintenance"


def test_the_disk_is_locked_until_the_transfer_ends(api: SystemService, client: Client) -> None:
    disk_id = ovf_store(api)
    transfer_id = begin(api, disk_id, DOWNLOAD)
    assert status_of(client, disk_id) == "locked"
    with pytest.raises(ovirtsdk4.Error, match="409"):
        begin(api, disk_id, DOWNLOAD)
    assert act(api, transfer_id, "cancel") == PHASE.FINISHED_CLEANUP
    assert status_of(client, disk_id) == "ok"
    act(api, begin(api, disk_id, DOWNLOAD), "finalize")


def test_what_was_uploaded_can_be_downloaded(primary: SimulatedSite, api: SystemService, client: Client) -> None:
    disk_id = floating_disk(api)
    transfer = look(api, begin(api, disk_id, UPLOAD))
    with ImageioClient(transfer.transfer_url, cafile=primary.ca_file) as images:
        images.write(4096, bytearray(b"written here" * 1000))
        images.flush()
    assert act(api, transfer.id, "finalize") == PHASE.FINISHED_SUCCESS
    assert look(api, transfer.id).transferred == 12000 and status_of(client, disk_id) == "ok"
    transfer = look(api, begin(api, disk_id, DOWNLOAD))
    with ImageioClient(transfer.transfer_url, cafile=primary.ca_file) as images:
        found = bytearray(1 << 20)
        images.read(0, found)
    assert found == bytes(4096) + b"written here" * 1000 + bytes((1 << 20) - 4096 - 12000)


def test_an_upload_can_rest(api: SystemService) -> None:
    transfer_id = begin(api, floating_disk(api), UPLOAD)
    url = look(api, transfer_id).transfer_url
    assert act(api, transfer_id, "pause") == PHASE.PAUSED_USER
    assert act(api, transfer_id, "extend") == PHASE.PAUSED_USER
    assert act(api, transfer_id, "resume") == PHASE.TRANSFERRING
    assert look(api, transfer_id).transfer_url == url


def test_a_cancelled_upload_takes_the_disk_along(api: SystemService, client: Client) -> None:
    disk_id = floating_disk(api)
    assert act(api, begin(api, disk_id, UPLOAD), "cancel") == PHASE.FINISHED_CLEANUP
    assert client.get(f"/disks/{disk_id}").status == 404


def test_an_upload_that_is_no_qcow_image_fails(primary: SimulatedSite, api: SystemService) -> None:
    disk_id = floating_disk(api)
    with primary.engine.transaction() as context:
        image = context.db.get_one(schema.BaseDisk, disk_id).images[0]
        image.format = "cow"
    transfer = look(api, begin(api, disk_id, UPLOAD))
    assert transfer.format == types.DiskFormat.COW
    assert act(api, transfer.id, "finalize") == PHASE.FINISHED_FAILURE


def test_only_an_upload_is_paused_and_only_what_is_paused_resumed(api: SystemService, client: Client) -> None:
    transfer_id = begin(api, ovf_store(api), DOWNLOAD)
    assert client.post(f"/imagetransfers/{transfer_id}/pause").status == 400
    assert client.post(f"/imagetransfers/{transfer_id}/resume").status == 400
    assert look(api, transfer_id).phase == PHASE.TRANSFERRING


def test_a_transfer_that_is_not_known(client: Client) -> None:
    unknown = f"/imagetransfers/{east('vm', 'web')}"
    assert client.get(unknown).status == 404
    assert client.post(f"{unknown}/extend").status == 200
    assert client.send("DELETE", unknown).status == 405
    assert client.get("/imagetransfers").xml.tag == "image_transfers"


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ("", 400),
        ('<disk id="none"/>', 400),
        (f'<disk id="{east("vm", "web")}"/>', 400),
        (f'<snapshot id="{east("vm", "web")}"/>', 400),
    ],
)
def test_something_has_to_be_transferred(client: Client, subject: str, status: int) -> None:
    reply = client.post("/imagetransfers", f"<image_transfer>{subject}<direction>download</direction></image_transfer>")
    assert (reply.status, reply.xml.tag) == (status, "fault")


def test_a_running_vm_keeps_its_disks(api: SystemService, client: Client) -> None:
    disk = api.vms_service().vm_service(east("vm", "web")).disk_attachments_service().list()[0]
    body = f'<image_transfer><disk id="{disk.id}"/><direction>download</direction></image_transfer>'
    assert client.post("/imagetransfers", body).status == 409
    api.vms_service().vm_service(east("vm", "web")).stop()
    reply = client.post("/imagetransfers", body)
    assert reply.status == 201
    assert {link.get("rel") for link in reply.xml.findall("actions/link")} == {
        "cancel",
        "extend",
        "finalize",
        "pause",
        "resume",
    }


@pytest.mark.conforms("storage 6.2")
def test_a_backup_domain_transfers_images_too(api: SystemService) -> None:
    disk_id = ovf_store(api)
    api.vms_service().vm_service(east("vm", "web")).stop()
    api.storage_domains_service().storage_domain_service(VAULT).update(types.StorageDomain(backup=True))
    assert look(api, begin(api, disk_id, DOWNLOAD)).phase == PHASE.TRANSFERRING


def test_a_host_that_is_not_up_serves_nothing(primary: SimulatedSite, api: SystemService, client: Client) -> None:
    disk_id = ovf_store(api)
    other = types.Host(id=east("host", "east-h2"))
    transfer_id = begin(api, disk_id, DOWNLOAD, host=other)
    assert look(api, transfer_id).host.id == other.id
    act(api, transfer_id, "finalize")
    with primary.engine.transaction() as context:
        context.db.get_one(schema.Vds, other.id).status = "non_responsive"
    transfer_id = begin(api, disk_id, DOWNLOAD, host=other)
    assert look(api, transfer_id).phase == PHASE.CANCELLED_SYSTEM


def test_a_transfer_outlives_the_engine(sites: Sites, api: SystemService) -> None:
    site = sites["primary"]
    transfer_id = begin(api, ovf_store(api), DOWNLOAD)
    site.restart()
    connection = ovirtsdk4.Connection(**site.auth)
    transfer = look(connection.system_service(), transfer_id)
    assert fetch(transfer.transfer_url, 0, 511, site.ca_file)[0] == 206
    assert act(connection.system_service(), transfer_id, "finalize") == PHASE.FINISHED_SUCCESS
    connection.close(logout=False)


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def timed(clock: Clock) -> Iterator[SimulatedSite]:
    with simulated_sites(clock=clock, sleep=clock.sleep) as both:
        yield both["primary"]


@pytest.mark.parametrize(
    ("direction", "policy", "phase"),
    [
        (DOWNLOAD, "legacy", PHASE.FINISHED_FAILURE),
        (UPLOAD, "legacy", PHASE.PAUSED_SYSTEM),
        (DOWNLOAD, "pause", PHASE.PAUSED_SYSTEM),
        (UPLOAD, "cancel", PHASE.FINISHED_FAILURE),
    ],
)
def test_a_client_that_does_nothing_for_too_long(
    timed: SimulatedSite,
    clock: Clock,
    direction: types.ImageTransferDirection,
    policy: str,
    phase: types.ImageTransferPhase,
) -> None:
    connection = ovirtsdk4.Connection(**timed.auth)
    api = connection.system_service()
    limits = {"inactivity_timeout": 60, "timeout_policy": types.ImageTransferTimeoutPolicy(policy)}
    transfer_id = begin(api, floating_disk(api), direction, **limits)
    clock.sleep(55)
    act(api, transfer_id, "extend")
    clock.sleep(55)
    assert look(api, transfer_id).phase == PHASE.TRANSFERRING
    clock.sleep(60)
    assert look(api, transfer_id).phase == phase
    connection.close(logout=False)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of sites as processes, which keep their temporary files beside it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / "state"
    assert main(["serve", "--state", str(folder)]) == 0
    yield folder
    assert main(["stop", "--state", str(folder)]) == 0


def test_the_daemon_ends_with_a_killed_engine(state: Path) -> None:
    site = json.loads((state / "sites.json").read_text())["sites"]["primary"]
    connection = ovirtsdk4.Connection(**{key: site[key] for key in ("url", "username", "password", "ca_file")})
    api = connection.system_service()
    transfer = look(api, begin(api, ovf_store(api), DOWNLOAD))
    assert fetch(transfer.transfer_url, 0, 511, site["ca_file"])[0] == 206
    assert len(list(state.parent.glob("imageio-*"))) == 1
    assert main(["kill", "--state", str(state), "--site", "primary"]) == 0
    deadline = time.monotonic() + 10
    while list(state.parent.glob("imageio-*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(urllib.error.URLError):
        fetch(transfer.transfer_url, 0, 511, site["ca_file"])
    connection.close(logout=False)
