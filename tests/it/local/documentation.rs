//! What docs/local.md says can be typed.

use super::place::Place;

#[test]
fn every_command_of_the_page_is_one() {
    let page = include_str!("../../../docs/local.md");
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let place = Place::of("minimal");
    let mut commands = 0;
    for line in lines {
        let command = line.split('#').next().unwrap();
        let words = command.split_whitespace().skip(1);
        let is_verb = |word: &&str| {
            word.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
        };
        let mut verbs: Vec<&str> = words.take_while(is_verb).collect();
        verbs.push("-h");
        let said = place.run(&verbs);
        assert_eq!(said.code, 0, "{line}: {}", said.errors);
        commands += 1;
    }
    assert!(commands > 15, "{commands}");
}
