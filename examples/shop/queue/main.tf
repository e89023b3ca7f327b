variable "environment" {}
variable "region" {}
variable "subnet" {}

# A real one has a resource of its cloud here.
resource "terraform_data" "queue" {
  input = {
    environment = var.environment
    region      = var.region
    subnet      = var.subnet
  }
}

terraform {
  backend "local" {}
}
