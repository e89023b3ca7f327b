//! Sending deliveries by hand.

use crate::simulator::deliveries::DeliveryRecord;
use crate::simulator::start::Simulator;

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

    /// Every attempt so far, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().deliveries.log.clone()
    }
}
