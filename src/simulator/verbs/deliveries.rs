//! Sending deliveries by hand.

use serde_json::Value;

use crate::simulator::deliveries::DeliveryRecord;
use crate::simulator::start::Simulator;
use crate::simulator::state::refusal::Refusal;

impl Simulator {
    /// Sends the oldest pending delivery.
    pub async fn deliver_next(&self) -> Option<DeliveryRecord> {
        self.shared.deliver_next().await
    }

    /// Sends everything that is pending, and what comes up meanwhile.
    pub async fn deliver_all(&self) -> Vec<DeliveryRecord> {
        let mut records = Vec::new();
        while let Some(record) = self.shared.deliver_next().await {
            records.push(record);
        }
        records
    }

    /// How many deliveries wait to be sent.
    pub fn pending_deliveries(&self) -> usize {
        self.shared.lock().deliveries.pending.len()
    }

    /// Queues a delivery of the log again, under the same GUID; `false` when the log does not have it.
    pub fn redeliver(&self, guid: &str) -> bool {
        let mut world = self.shared.lock();
        let found = world
            .deliveries
            .log
            .iter()
            .rev()
            .find(|record| record.guid == guid)
            .cloned();
        found
            .map(|record| world.deliveries.redeliver(record))
            .is_some()
    }

    /// Puts deliveries into the log that were tried now and reached nobody, as during an outage: each an event, its
    /// action and its payload about a repository. They can be redelivered.
    pub fn log_failed_deliveries(
        &self,
        full_name: &str,
        events: Vec<(String, Option<String>, Value)>,
    ) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository(full_name)?;
        let (repository_id, installation_id) = (repository.id, repository.installation);
        for (event, action, payload) in events {
            let id = world.ids.next("delivery");
            let record = DeliveryRecord {
                id,
                guid: format!("00000000-0000-4000-8000-{id:012}"),
                event,
                action,
                installation_id,
                repository_id: Some(repository_id),
                redelivery: false,
                delivered_at: world.now(),
                duration: 0.0,
                status: "failed to connect to host".to_owned(),
                status_code: 0,
                request_headers: Vec::new(),
                body: payload.to_string().into(),
                response_body: String::new(),
            };
            world.deliveries.log.push(record);
        }
        Ok(())
    }

    /// Every attempt so far, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().deliveries.log.clone()
    }
}
