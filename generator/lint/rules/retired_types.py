"""E9001: resource types of services that have ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import resources


@dataclass(frozen=True)
class Retired:
    """When a service ended, what to use instead, and where AWS says so."""

    ended: str
    instead: str
    source: str


GUIDE = "https://docs.aws.amazon.com"
EDGE = Retired(
    "2024-04-26",
    "AWS::GreengrassV2::ComponentVersion and AWS::GreengrassV2::Deployment with ONNX Runtime",
    f"{GUIDE}/sagemaker/latest/dg/edge-eol.html",
)
GREENGRASS = Retired(
    "2026-10-07",
    "the AWS::GreengrassV2 types",
    f"{GUIDE}/greengrass/v1/developerguide/maintenance-policy.html",
)
WAF = Retired(
    "2025-09-30", "the AWS::WAFv2 types", f"{GUIDE}/waf/latest/developerguide/waf-migrating-from-classic.html"
)
CLASSIC = Retired(
    "2022-08-15",
    "AWS::EC2::SecurityGroup with the VPC security groups of the cluster or instance",
    "https://aws.amazon.com/blogs/aws/ec2-classic-is-retiring-heres-how-to-prepare/",
)
EVIDENTLY = Retired(
    "2025-10-17",
    "AWS::AppConfig::ConfigurationProfile with feature flags",
    f"{GUIDE}/AmazonCloudWatch/latest/monitoring/CloudWatch-Evidently.html",
)

# A type, or a service with a trailing `::` for all its types. Types that only closed to new customers are not here.
RETIRED = {
    "AWS::SageMaker::Device": EDGE,
    "AWS::SageMaker::DeviceFleet": EDGE,
    "AWS::SageMaker::EdgePackagingJob": EDGE,
    "AWS::AppMesh::": Retired(
        "2026-09-30",
        "Amazon ECS Service Connect or the AWS::VpcLattice types",
        f"{GUIDE}/app-mesh/latest/userguide/what-is-app-mesh.html",
    ),
    "AWS::CodeStar::": Retired(
        "2024-07-31",
        "AWS::CodeConnections::Connection and a repository at the git provider",
        f"{GUIDE}/codestar/latest/userguide/welcome.html",
    ),
    "AWS::Evidently::": EVIDENTLY,
    "AWS::FinSpace::": Retired(
        "2026-10-07",
        "Amazon EMR or kdb Insights on Amazon EC2",
        f"{GUIDE}/finspace/latest/data-api/amazon-finspace-end-of-support.html",
    ),
    "AWS::Greengrass::": GREENGRASS,
    "AWS::Inspector::": Retired(
        "2026-05-20",
        "the AWS::InspectorV2 types",
        f"{GUIDE}/inspector/v1/userguide/inspector_introduction.html",
    ),
    "AWS::IoT1Click::": Retired(
        "2024-12-16",
        "AWS::IoT::Thing with AWS::IoT::TopicRule",
        f"{GUIDE}/iot-1-click/latest/developerguide/",
    ),
    "AWS::IoTAnalytics::": Retired(
        "2025-12-15",
        "AWS::KinesisFirehose::DeliveryStream with AWS::Glue types",
        f"{GUIDE}/iotanalytics/latest/userguide/iotanalytics-end-of-support.html",
    ),
    "AWS::IoTEvents::": Retired(
        "2026-05-20",
        "AWS::StepFunctions::StateMachine behind AWS::IoT::TopicRule",
        f"{GUIDE}/iotevents/latest/developerguide/iotevents-end-of-support.html",
    ),
    "AWS::IoTThingsGraph::": Retired(
        "2022-11-09",
        "AWS::StepFunctions::StateMachine",
        f"{GUIDE}/general/latest/gr/full_shutdown_services.html",
    ),
    "AWS::KinesisAnalytics::": Retired(
        "2026-01-27",
        "AWS::KinesisAnalyticsV2::Application with Apache Flink",
        f"{GUIDE}/kinesisanalytics/latest/dev/discontinuation.html",
    ),
    "AWS::LookoutEquipment::": Retired(
        "2026-10-07",
        "anomaly detection of AWS::IoTSiteWise, or a SageMaker model",
        f"{GUIDE}/lookout-for-equipment/latest/ug/what-is.html",
    ),
    "AWS::LookoutMetrics::": Retired(
        "2025-10-10",
        "AWS::CloudWatch::AnomalyDetector",
        f"{GUIDE}/lookoutmetrics/latest/dev/lookoutmetrics-welcome.html",
    ),
    "AWS::LookoutVision::": Retired(
        "2025-10-31",
        "a SageMaker model for visual inspection",
        f"{GUIDE}/lookout-for-vision/latest/developer-guide/what-is.html",
    ),
    "AWS::MediaStore::": Retired(
        "2025-11-13",
        "AWS::S3::Bucket or the AWS::MediaPackageV2 types",
        f"{GUIDE}/mediastore/latest/ug/what-is.html",
    ),
    "AWS::OpsWorks::": Retired(
        "2024-05-26",
        "AWS::SSM::Association, or AWS::AutoScaling::AutoScalingGroup with an image",
        f"{GUIDE}/opsworks/latest/userguide/stacks-eol-faqs.html",
    ),
    "AWS::OpsWorksCM::": Retired(
        "2024-05-05",
        "AWS::SSM::Association",
        f"{GUIDE}/opsworks/latest/userguide/opscm-eol-faqs.html",
    ),
    "AWS::Panorama::": Retired(
        "2026-05-31",
        "AWS::GreengrassV2::Deployment on a device of your own",
        f"{GUIDE}/panorama/latest/dev/panorama-welcome.html",
    ),
    "AWS::Pinpoint::": Retired(
        "2026-10-30",
        "the AWS::SMSVOICE types for messages and AWS::Connect for campaigns",
        f"{GUIDE}/pinpoint/latest/userguide/migrate.html",
    ),
    "AWS::Proton::": Retired(
        "2026-10-07",
        "AWS Service Catalog products",
        f"{GUIDE}/proton/latest/userguide/proton-end-of-support.html",
    ),
    "AWS::QLDB::": Retired(
        "2025-07-31",
        "AWS::RDS::DBCluster with Aurora PostgreSQL and an audit table",
        f"{GUIDE}/qldb/latest/developerguide/what-is.html",
    ),
    "AWS::RoboMaker::": Retired(
        "2025-09-10", "AWS::Batch::JobDefinition", f"{GUIDE}/robomaker/latest/dg/chapter-welcome.html"
    ),
    "AWS::SimSpaceWeaver::": Retired(
        "2026-05-20", "AWS::Batch::JobDefinition", f"{GUIDE}/simspaceweaver/latest/userguide/what-is.html"
    ),
    "AWS::WAF::": WAF,
    "AWS::WAFRegional::": WAF,
    "AWS::ElastiCache::SecurityGroup": CLASSIC,
    "AWS::ElastiCache::SecurityGroupIngress": CLASSIC,
    "AWS::RDS::DBSecurityGroup": CLASSIC,
    "AWS::RDS::DBSecurityGroupIngress": CLASSIC,
    "AWS::Redshift::ClusterSecurityGroup": CLASSIC,
    "AWS::Redshift::ClusterSecurityGroupIngress": CLASSIC,
}


def retired(resource_type: str) -> Retired | None:
    """What is known of a type that has ended, else None."""
    service = resource_type.rsplit("::", 1)[0] + "::"
    return RETIRED.get(resource_type) or RETIRED.get(service)


class RetiredTypes(HouseRule):
    id = "E9001"
    shortdesc = "Resource type of a service that has ended"
    description = (
        "A product with such a type cannot be launched; some of these types still pass cfn-lint's schemas."
    )
    source_url = "https://docs.aws.amazon.com/general/latest/gr/full_shutdown_services.html"
    tags = ["resources", "lifecycle"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template):
            known = retired(resource.type)
            if known:
                yield Fault(
                    ("Resources", resource.name, "Type"),
                    f"{resource.type} belongs to a service that ended on {known.ended}. "
                    f"Use {known.instead} ({known.source}).",
                )
