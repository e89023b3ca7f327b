variable "environment" {}
variable "region" {}

# A real one has a resource of its cloud here.
resource "terraform_data" "network" {
  input = {
    environment = var.environment
    region      = var.region
  }
}

terraform {
  backend "local" {}
}
