"""An AWS that lives in a folder: Service Catalog and CloudFormation of our own, moto's services beside them."""
