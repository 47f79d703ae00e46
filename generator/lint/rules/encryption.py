"""E9004: storage that is not encrypted at rest."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, call, items, resources

GUIDE = "https://docs.aws.amazon.com"
RDS = f"{GUIDE}/AmazonRDS/latest/UserGuide/Overview.Encryption.html"
EBS = f"{GUIDE}/ebs/latest/userguide/ebs-encryption.html"

# Properties that have to be true, because AWS's default is an unencrypted store.
TRUE = {
    "AWS::DAX::Cluster": (
        ("SSESpecification", "SSEEnabled"),
        f"{GUIDE}/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html",
    ),
    "AWS::DocDB::DBCluster": (
        ("StorageEncrypted",),
        f"{GUIDE}/documentdb/latest/developerguide/encryption-at-rest.html",
    ),
    "AWS::EC2::Volume": (("Encrypted",), EBS),
    "AWS::EFS::FileSystem": (("Encrypted",), f"{GUIDE}/efs/latest/ug/encryption-at-rest.html"),
    "AWS::ElastiCache::ReplicationGroup": (
        ("AtRestEncryptionEnabled",),
        f"{GUIDE}/AmazonElastiCache/latest/dg/at-rest-encryption.html",
    ),
    "AWS::Neptune::DBCluster": (("StorageEncrypted",), f"{GUIDE}/neptune/latest/userguide/encrypt.html"),
    "AWS::OpenSearchService::Domain": (
        ("EncryptionAtRestOptions", "Enabled"),
        f"{GUIDE}/opensearch-service/latest/developerguide/encryption-at-rest.html",
    ),
    "AWS::RDS::DBCluster": (("StorageEncrypted",), RDS),
    "AWS::RDS::DBInstance": (("StorageEncrypted",), RDS),
    "AWS::Redshift::Cluster": (
        ("Encrypted",),
        f"{GUIDE}/redshift/latest/mgmt/working-with-db-encryption.html",
    ),
}
# Properties that have to be there.
SET = {
    "AWS::Kinesis::Stream": ("StreamEncryption", f"{GUIDE}/streams/latest/dev/server-side-encryption.html"),
    # S3 encrypts by default; a product says with what, so that a change of the default changes nothing.
    "AWS::S3::Bucket": (
        "BucketEncryption",
        f"{GUIDE}/AmazonS3/latest/userguide/default-bucket-encryption.html",
    ),
    "AWS::SNS::Topic": ("KmsMasterKeyId", f"{GUIDE}/sns/latest/dg/sns-server-side-encryption.html"),
}
# Lists of disks, each with an Ebs mapping.
DISKS = {
    "AWS::EC2::Instance": ("BlockDeviceMappings",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData", "BlockDeviceMappings"),
    "AWS::AutoScaling::LaunchConfiguration": ("BlockDeviceMappings",),
}
# With one of these the encryption comes from elsewhere: an Aurora instance has its cluster's, a copy its source's.
INHERITED = (
    "DBClusterIdentifier",
    "SourceDBInstanceIdentifier",
    "SourceDBClusterIdentifier",
    "DBSnapshotIdentifier",
    "SnapshotIdentifier",
)
FALSE = (None, False, "false", "False")


class Encryption(HouseRule):
    id = "E9004"
    shortdesc = "Storage without encryption at rest"
    description = "Checks the stores that AWS leaves unencrypted unless told otherwise, and that buckets name their encryption."
    source_url = (
        "https://docs.aws.amazon.com/prescriptive-guidance/latest/encryption-best-practices/welcome.html"
    )
    tags = ["encryption"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template):
            whole = Placed(resource.path, resource.properties)
            inherits = resource.type.endswith(("DBInstance", "DBCluster")) and any(
                name in resource.properties
                for name in INHERITED
                if not (name == "DBClusterIdentifier" and resource.type.endswith("DBCluster"))
            )
            if resource.type in TRUE and not inherits:
                names, source = TRUE[resource.type]
                for found in at(whole, *names):
                    if call(found.value) is None and found.value in FALSE:
                        yield Fault(
                            found.path, f"Not encrypted at rest. Set {'.'.join(names)} to true ({source})."
                        )
            if resource.type in SET:
                name, source = SET[resource.type]
                for found in at(whole, name):
                    if found.value is None:
                        yield Fault(found.path, f"No encryption at rest is declared. Set {name} ({source}).")
            if resource.type in DISKS:
                for disks in at(whole, *DISKS[resource.type]):
                    if isinstance(disks.value, list):
                        yield from self._disks(disks)
            if resource.type == "AWS::SQS::Queue":
                # Queues are encrypted with a key of SQS unless that is switched off and no other key is given.
                off = [
                    one for one in at(whole, "SqsManagedSseEnabled") if one.value in (False, "false", "False")
                ]
                keys = list(at(whole, "KmsMasterKeyId"))
                if off and any(key.value is None for key in keys):
                    yield Fault(
                        off[0].path,
                        "Encryption at rest is switched off. Leave SqsManagedSseEnabled out, or set KmsMasterKeyId.",
                    )

    def _disks(self, disks: Placed) -> Iterator[Fault]:
        for disk in items(disks):
            if not isinstance(disk.value, dict) or "Ebs" not in disk.value:
                continue
            for found in at(disk, "Ebs", "Encrypted"):
                if call(found.value) is None and found.value in FALSE:
                    yield Fault(found.path, f"The disk is not encrypted. Set Ebs.Encrypted to true ({EBS}).")
