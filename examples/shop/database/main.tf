variable "environment" {}
variable "region" {}
variable "subnet" {}
variable "engine" {}

# A real one has a resource of its cloud here.
resource "terraform_data" "database" {
  input = {
    environment = var.environment
    region      = var.region
    subnet      = var.subnet
    engine      = var.engine
  }
}

terraform {
  backend "local" {}
}
