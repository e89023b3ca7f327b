//! The App's webhook: its settings and its log of deliveries.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::deliveries::DeliveryRecord;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::timestamp::iso8601;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/app/hook/config",
        access: Access::App,
        handler: config,
    },
    Route {
        method: "PATCH",
        template: "/app/hook/config",
        access: Access::App,
        handler: change_config,
    },
    Route {
        method: "GET",
        template: "/app/hook/deliveries",
        access: Access::App,
        handler: deliveries,
    },
    Route {
        method: "GET",
        template: "/app/hook/deliveries/{id}",
        access: Access::App,
        handler: delivery,
    },
    Route {
        method: "POST",
        template: "/app/hook/deliveries/{id}/attempts",
        access: Access::App,
        handler: redeliver,
    },
];

/// GitHub keeps deliveries for three days.
const RETENTION: i64 = 3 * 86_400;

fn config(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let url = call.world.deliveries.url.clone();
    Ok(Answer::json(
        200,
        &json!({"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url}),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HookConfig {
    url: Option<String>,
    content_type: Option<String>,
    secret: Option<String>,
    #[serde(rename = "insecure_ssl")]
    _insecure_ssl: Option<Value>,
}

fn change_config(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let change: HookConfig = call.body()?;
    if change.content_type.is_some_and(|kind| kind != "json") {
        return Err(Refusal::invalid(
            "Hook",
            "content_type",
            "the simulator sends JSON only",
        ));
    }
    let deliveries = &mut call.world.deliveries;
    deliveries.url = change.url.or(deliveries.url.take());
    if let Some(secret) = change.secret {
        deliveries.secret = secret;
    }
    config(call)
}

fn deliveries(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let size = call
        .query
        .get("per_page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(30)
        .clamp(1, 100);
    let before = call
        .query
        .get("cursor")
        .and_then(|cursor| cursor.strip_prefix("v1_")?.parse::<u64>().ok());
    let status = call.query.get("status").map(String::as_str);
    let oldest = call.world.now() - RETENTION;
    let log = call.world.deliveries.log.iter().rev();
    let fits = |record: &&DeliveryRecord| {
        let wanted = match status {
            Some("success") => (200..400).contains(&record.status_code),
            Some("failure") => (400..600).contains(&record.status_code),
            _ => true,
        };
        wanted && record.delivered_at >= oldest && before.is_none_or(|before| record.id < before)
    };
    let found: Vec<&DeliveryRecord> = log.filter(fits).take(size + 1).collect();
    let shown: Vec<Value> = found
        .iter()
        .take(size)
        .map(|record| summary(record))
        .collect();
    let answer = Answer::json(200, &json!(shown));
    let (true, Some(last)) = (found.len() > size, found.get(size - 1)) else {
        return Ok(answer);
    };
    let mut query = call.query.clone();
    query.insert("cursor".to_owned(), format!("v1_{}", last.id));
    Ok(answer.with("Link", format!("<{}>; rel=\"next\"", call.link(&query))))
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a DeliveryRecord, Refusal> {
    let id = call.number("id")?;
    let oldest = call.world.now() - RETENTION;
    let mut log = call.world.deliveries.log.iter();
    log.find(|record| record.id == id && record.delivered_at >= oldest)
        .ok_or_else(Refusal::not_found)
}

fn delivery(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let record = find(call)?;
    let headers: Map<String, Value> = record
        .request_headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let mut json = summary(record);
    json["url"] = json!(call.world.deliveries.url);
    json["request"] = json!({"headers": headers, "payload": record.payload()});
    json["response"] = json!({"headers": {}, "payload": record.response_body});
    Ok(Answer::json(200, &json))
}

fn redeliver(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let record = find(call)?.clone();
    call.world.deliveries.redeliver(record);
    Ok(Answer::json(202, &json!({})))
}

fn summary(record: &DeliveryRecord) -> Value {
    json!({
        "id": record.id, "guid": record.guid, "delivered_at": iso8601(record.delivered_at),
        "redelivery": record.redelivery, "duration": record.duration, "status": record.status,
        "status_code": record.status_code, "event": record.event, "action": record.action,
        "installation_id": record.installation_id, "repository_id": record.repository_id, "throttled_at": null,
    })
}
