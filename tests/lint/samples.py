"""Templates that several tests lint."""

from __future__ import annotations

CLEAN = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Group:
    Type: AWS::SageMaker::ModelPackageGroup
    Properties:
      ModelPackageGroupName: models
"""

# An error of cfn-lint's, one of the house's, and a warning.
FAULTY = """\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Unused:
    Type: String
Resources:
  Group:
    Type: AWS::SageMaker::ModelPackageGroup
    Properties:
      Name: models
  Volume:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs '']
      Size: 8
"""
FAULTS = [
    ("Parameters/Unused", "W2001"),
    ("Resources/Group/Properties", "E3003"),
    ("Resources/Group/Properties/Name", "E3002"),
    ("Resources/Volume/Properties", "E9004"),
]

# The account id that a loop cannot resolve makes cfn-lint remember a value between templates.
LOOP = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::LanguageExtensions
Parameters:
  Names:
    Type: CommaDelimitedList
  Stored:
    Type: AWS::SSM::Parameter::Value<List<String>>
    Default: /names
Mappings:
  Accounts:
    '111122223333':
      Names: [One, Two]
Resources:
  Fn::ForEach::ByAccount:
    - Name
    - !FindInMap [Accounts, !Ref AWS::AccountId, Names]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub topic-${Name}
  Fn::ForEach::ByParameter:
    - Name
    - !Ref Names
    - Queue${Name}:
        Type: AWS::SQS::Queue
        Properties:
          NoSuchProperty: !Sub queue-${Name}
  Fn::ForEach::ByStored:
    - Name
    - !Ref Stored
    - Stream${Name}:
        Type: AWS::Kinesis::Stream
        Properties:
          NoSuchProperty: !Sub stream-${Name}
"""
# The same in an account that the first one does not know.
OTHER_LOOP = LOOP.replace("111122223333", "444455556666")

SERVERLESS = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.8
Resources:
  Handler:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      InlineCode: 'def handler(event, context): return None'
"""

SILENCED = """\
AWSTemplateFormatVersion: '2010-09-09'
Metadata:
  cfn-lint:
    config:
      ignore_checks: [E, W]
      regions: [eu-west-1]
      include_checks: [I]
Parameters:
  Unused:
    Type: String
Resources:
  Group:
    Type: AWS::SageMaker::ModelPackageGroup
    Metadata:
      cfn-lint:
        config:
          ignore_checks: [E3002, E3003]
    Properties:
      Name: models
  Volume:
    Type: AWS::EC2::Volume
    Metadata:
      cfn-lint:
        config:
          ignore_checks: [E9004]
    Properties:
      AvailabilityZone: !Select [0, !GetAZs '']
      Size: 8
"""
