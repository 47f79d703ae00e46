"""The state on disk: shared by processes, never overwritten when it is not ours, carried elsewhere and reset."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from generator.errors import FactoryError
from generator.local import export, import_, open_state, reset, status
from generator.local.journal import SNAPSHOT_EVERY
from generator.local.state import FILE

from .conftest import Catalog

REPOSITORY = Path(__file__).parents[2]


def other_process(folder: Path, code: str, **environment: str) -> str:
    """What another process prints that has this state open as `local`, its clients as `sc` and `s3`."""
    program = f"""\
from pathlib import Path
from generator.local import open_state
local = open_state(Path({str(folder)!r}))
session = local.session("us-east-1")
sc, s3, iam = session.client("servicecatalog"), session.client("s3"), session.client("iam")
{textwrap.dedent(code)}
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_another_process_sees_everything_and_we_see_what_it_did(hub: Catalog) -> None:
    folder = hub.local.state.folder
    portfolio, product = hub.portfolio(), hub.product()
    role = hub.client("iam").create_role(RoleName="launch", AssumeRolePolicyDocument='{"Statement": []}')[
        "Role"
    ]
    seen = other_process(
        folder,
        f"""
        found = iam.get_role(RoleName="launch")["Role"]
        print(found["RoleId"], found["CreateDate"].isoformat())
        print(sc.describe_portfolio(Id="{portfolio}")["PortfolioDetail"]["DisplayName"])
        s3.put_object(Bucket="artifacts-123456789012-us-east-1", Key="theirs", Body=b"x" * 9000)
        sc.associate_product_with_portfolio(PortfolioId="{portfolio}", ProductId="{product}")
        """,
    )
    assert seen == f"{role['RoleId']} {role['CreateDate'].isoformat()}\nAnalytics"
    s3 = hub.client("s3")
    assert (
        s3.get_object(Bucket="artifacts-123456789012-us-east-1", Key="theirs")["Body"].read() == b"x" * 9000
    )
    assert hub.sc.list_portfolios_for_product(ProductId=product)["PortfolioDetails"][0]["Id"] == portfolio


def test_a_snapshot_holds_all_versions_tags_and_ids(hub: Catalog) -> None:
    folder, s3 = hub.local.state.folder, hub.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    for number in range(SNAPSHOT_EVERY):
        s3.put_object(Bucket="artifacts", Key=f"key-{number % 50}", Body=f"body {number}".encode())
    s3.put_object_tagging(Bucket="artifacts", Key="key-7", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    with hub.local.state.read() as tx:
        assert tx.value("SELECT count(*) FROM journal") < SNAPSHOT_EVERY
        assert tx.value("SELECT seq FROM snapshot") == SNAPSHOT_EVERY
    code = """
        versions = s3.list_object_versions(Bucket="artifacts", Prefix="key-7")["Versions"]
        print([v["VersionId"] for v in versions])
        print([s3.get_object(Bucket="artifacts", Key="key-7", VersionId=v["VersionId"])["Body"].read() for v in versions])
        print(s3.get_object_tagging(Bucket="artifacts", Key="key-7")["TagSet"])
        s3.put_object(Bucket="artifacts", Key="key-7", Body=b"after")
        print(s3.get_object(Bucket="artifacts", Key="key-7")["Body"].read())
    """
    versions = s3.list_object_versions(Bucket="artifacts", Prefix="key-7")["Versions"]
    wanted = [
        str([v["VersionId"] for v in versions]),
        str([f"body {n}".encode() for n in (157, 107, 57, 7)]),
        "[{'Key': 'a', 'Value': 'b'}]",
        "b'after'",
    ]
    assert other_process(folder, code).splitlines() == wanted
    assert s3.get_object(Bucket="artifacts", Key="key-7")["Body"].read() == b"after"


def test_what_is_rolled_back_is_rolled_back_in_moto_too(hub: Catalog) -> None:
    s3 = hub.client("s3")
    s3.create_bucket(Bucket="artifacts")
    with contextlib.suppress(KeyError), hub.local.state.write():
        s3.put_object(Bucket="artifacts", Key="k", Body=b"never")
        raise KeyError("the caller changed his mind")
    assert "Contents" not in s3.list_objects_v2(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="l", Body=b"kept")
    assert other_process(hub.local.state.folder, "print([o['Key'] for o in s3.list_objects_v2(Bucket='artifacts')['Contents']])") == "['l']"  # fmt: skip


def test_keys_are_the_same_in_every_process(hub: Catalog) -> None:
    kms, ec2 = hub.client("kms"), hub.client("ec2")
    secret = kms.create_key()["KeyMetadata"]["KeyId"]
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    cipher = kms.encrypt(KeyId=secret, Plaintext=b"hello")["CiphertextBlob"]
    public = kms.get_public_key(KeyId=signing)["PublicKey"]
    hub.client("ssm").put_parameter(Name="/a/b", Value="kept", Type="String")
    hub.client("sqs").create_queue(QueueName="queue")
    hub.client("lambda").list_functions()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    kms.create_key()  # ends with a snapshot
    with hub.local.state.read() as tx:  # and all of it could be pickled
        assert tx.value("SELECT count(*) FROM journal") == 0
    seen = other_process(
        hub.local.state.folder,
        f"""
        kms = session.client("kms")
        print(kms.decrypt(CiphertextBlob=bytes.fromhex("{cipher.hex()}"))["Plaintext"])
        print(kms.get_public_key(KeyId="{signing}")["PublicKey"].hex())
        print(session.client("ssm").get_parameter(Name="/a/b")["Parameter"]["Value"])
        print(session.client("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2])
        print([v["VpcId"] for v in session.client("ec2").describe_vpcs()["Vpcs"]])
        """,
    ).splitlines()
    vpcs = [found["VpcId"] for found in ec2.describe_vpcs()["Vpcs"]]
    assert vpc in vpcs
    assert seen == ["b'hello'", public.hex(), "kept", "queue", str(vpcs)]


def test_two_states_in_one_process_do_not_mix(hub: Catalog, tmp_path: Path) -> None:
    hub.client("s3").create_bucket(Bucket="artifacts")
    with contextlib.closing(open_state(tmp_path / "other")) as local:
        other = Catalog(local)
        assert other.client("s3").list_buckets()["Buckets"] == []
        other.client("s3").create_bucket(Bucket="artifacts")
        other.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"Statement": []}')
    assert hub.client("iam").list_roles()["Roles"] == []


def test_threads_and_processes_lose_nothing(hub: Catalog) -> None:
    folder = hub.local.state.folder

    def work(name: str) -> None:
        client = hub.sc
        for number in range(10):
            client.create_portfolio(DisplayName=f"{name}-{number}", ProviderName="p")

    threads = [threading.Thread(target=work, args=(f"thread-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    other_process(
        folder, "for n in range(10): sc.create_portfolio(DisplayName=f'other-{n}', ProviderName='p')"
    )
    for thread in threads:
        thread.join()
    pages = hub.sc.get_paginator("list_portfolios").paginate(PaginationConfig={"PageSize": 7})
    names = [detail["DisplayName"] for page in pages for detail in page["PortfolioDetails"]]
    assert len(names) == len(set(names)) == 40


def test_many_first_opens_at_once(tmp_path: Path) -> None:
    program = f"from pathlib import Path; from generator.local import open_state; open_state(Path({str(tmp_path / 's')!r}))"
    running = [
        subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")


def foreign_text(path: Path) -> None:
    path.write_text("my diary")


def foreign_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (a)")
        connection.commit()


def other_format(path: Path) -> None:
    open_state(path.parent).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.commit()


def damaged(path: Path) -> None:
    open_state(path.parent).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\x55" * 3996  # the first page's tree, behind a header that is still right
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (foreign_text, "is no database"),
        (foreign_database, "belongs to another program"),
        (other_format, "format 99"),
        (damaged, "damaged"),
    ],
)
def test_what_is_not_ours_or_not_sound_is_reported_and_left(
    tmp_path: Path, spoil: object, words: str
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    assert callable(spoil)
    spoil(folder / FILE)
    before = (folder / FILE).read_bytes()
    for _ in range(2):
        with pytest.raises(FactoryError, match=words) as refused:
            open_state(folder)
        assert "CATALOG_STATE" in str(refused.value) or "catalog local reset" in str(refused.value)
    assert (folder / FILE).read_bytes() == before


def test_reset_sets_aside_what_it_cannot_open_but_not_what_is_foreign(tmp_path: Path) -> None:
    for name, spoil in (("damaged", damaged), ("format", other_format)):
        folder = tmp_path / name
        folder.mkdir()
        spoil(folder / FILE)
        before = (folder / FILE).read_bytes()
        aside = reset(folder)
        assert aside is not None
        assert aside.read_bytes() == before
        open_state(folder).close()
    folder = tmp_path / "foreign"
    folder.mkdir()
    foreign_database(folder / FILE)
    with pytest.raises(FactoryError, match="belongs to another program"):
        reset(folder)


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.txt").write_text("all of it")
    with pytest.raises(FactoryError, match=r"holds other things \('thesis.txt'\)"):
        open_state(folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    with pytest.raises(FactoryError, match="this is a file"):
        open_state(folder / "thesis.txt")


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    open_state(folder).close()
    program = f"""
import os, sys
from pathlib import Path
from generator.errors import FactoryError
from generator.local import open_state
import generator.local.aws
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
for path in ({str(folder)!r}, {str(tmp_path / "new" / "state")!r}):
    try:
        open_state(Path(path))
    except FactoryError as error:
        print(error)
"""
    paths = [tmp_path, folder, *folder.iterdir()]
    (tmp_path / "new").mkdir()
    for parent in tmp_path.parents:  # pytest's own folders keep strangers out
        if parent.stat().st_uid == os.geteuid() and parent.name.startswith("pytest-"):
            parent.chmod(0o755)
    for path in [*paths, tmp_path / "new"]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
        )
    finally:
        for path in [*paths, tmp_path / "new"]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cannot be written here") == 2
    assert done.stdout.count("CATALOG_STATE") == 2


def test_a_full_disk_is_reported_and_loses_nothing(hub: Catalog) -> None:
    kept, bucket = hub.portfolio("kept"), "artifacts"
    hub.client("s3").create_bucket(Bucket=bucket)
    with hub.local.state.read() as tx:
        pages = tx.value("PRAGMA page_count")
        tx.execute(f"PRAGMA max_page_count={pages}")  # as full as a disk can be, for this connection
    s3 = hub.client("s3")
    with pytest.raises(FactoryError, match="Free some disk space"):
        s3.put_object(Bucket=bucket, Key="large", Body=b"x" * 500_000)
    with hub.local.state.read() as tx:
        tx.execute("PRAGMA max_page_count=1000000")
    assert hub.sc.describe_portfolio(Id=kept)["PortfolioDetail"]["DisplayName"] == "kept"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    hub.portfolio("again")


def test_export_import_reset_and_status(hub: Catalog, tmp_path: Path) -> None:
    folder, file, copy = hub.local.state.folder, tmp_path / "all.catalog", tmp_path / "copy"
    product = hub.product()
    export(folder, file)
    with pytest.raises(FactoryError, match="never overwrite"):
        export(folder, file)
    assert status(copy) is None
    assert not copy.exists()
    import_(copy, file)
    found = status(copy)
    assert found is not None
    assert (found.counts["products"], found.counts["versions"]) == (1, 1)
    with contextlib.closing(open_state(copy)) as local:
        assert Catalog(local).artifact(product) == hub.artifact(product)
    with pytest.raises(FactoryError, match="not empty"):
        import_(copy, file)
    with contextlib.closing(open_state(copy)) as local:
        reset(copy)  # while another holds it open
        other = Catalog(local)
        assert other.sc.search_products_as_admin()["ProductViewDetails"] == []
        assert other.client("s3").list_buckets()["Buckets"] == []
        import_(copy, file)
        assert other.client("s3").list_buckets()["Buckets"] != []
        assert other.artifact(product) == hub.artifact(product)
    (tmp_path / "text").write_text("no export")
    reset(copy)
    for bad in (tmp_path / "text", tmp_path / "missing"):
        with pytest.raises(FactoryError, match="catalog local export"):
            import_(copy, bad)
