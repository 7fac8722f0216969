//! What patterns of lists say of the names that they meet.

use super::{List, builder, index_of, name, walk};
use crate::filter::Index;
use crate::filter::patterns::PATTERNS_MAX;
use crate::model::category::{Category, CategorySet};
use crate::model::pattern::Pattern;
use crate::model::rule::{ListKind, Origin, Protection, RuleAction, Scope};

impl List {
    fn pattern(self, text: &str, action: RuleAction) -> Self {
        let name = Pattern::read(text).unwrap().name().to_string();
        self.rule(&name, Scope::Exact, action)
    }
}

/// The patterns that meet a name, with their categories and the lists that give them.
fn told(index: &Index, asked: &str) -> Vec<(Category, String, u32)> {
    let mut told = Vec::new();
    for (pattern, matched) in index.by_patterns(name(asked).as_name()) {
        let walk = walk(index, &pattern.to_string());
        for category in matched.categories.iter() {
            let found = index.blocking(&walk, &matched, category).expect("the rule behind it");
            told.push((category, found.info.id.clone(), found.line));
        }
    }
    told
}

#[test]
fn a_pattern_puts_names_into_its_list_s_category_and_the_list_takes_them_out_by_name() {
    use RuleAction::{Block, BlockImportant, Except};
    let index = index_of(&[
        List::of(Category::Ads)
            .pattern("||adserv*.example.org^", Block)
            .pattern("/^adserv[0-9]+x/", BlockImportant)
            .rule("adserv1.example.org", Scope::Subtree, Except)
            .rule("adserv1x.example.org", Scope::Subtree, Except)
            .rule("adserv2.example.org", Scope::Subtree, RuleAction::Spare),
        List::of(Category::Games).pattern("||adserv*.example.org^", Block),
    ]);
    let of = |category: Category, line: u32| (category, category.id().to_owned(), line);
    let (ads, games) = (Category::Ads, Category::Games);
    assert_eq!(told(&index, "adserv3.example.org"), [of(games, 1), of(ads, 1)]);
    // Its own exception does not bind another list, nor what is important.
    assert_eq!(told(&index, "adserv1.example.org"), [of(games, 1)]);
    assert_eq!(told(&index, "adserv1x.example.org"), [of(ads, 2), of(games, 1)]);
    // What a rule for a name above spares is met all the same.
    assert_eq!(told(&index, "adserv2.example.org"), [of(games, 1), of(ads, 1)]);
    assert_eq!(told(&index, "example.org"), []);
    // A name costs no pattern anything.
    assert!(index.lookup(&walk(&index, "adserv3.example.org")).categories.is_empty());
}

#[test]
fn protection_is_taken_over_and_one_stranger_s_accusation_does_not_outweigh_what_is_known() {
    let mut known = List::of(Category::Ads).block("adserv1.example.org");
    known.info.origin = Origin::Shipped;
    let index = index_of(&[
        known,
        List::of(Category::Adult).pattern("||adserv*.example.org^", RuleAction::Block),
        List::new("p", ListKind::Protect(Protection::Soft)).block("adserv2.example.org"),
    ]);
    assert_eq!(told(&index, "adserv1.example.org"), []);
    let (_, matched) = index.by_patterns(name("www.adserv2.example.org").as_name()).remove(0);
    assert_eq!(matched.protection, Some(Protection::Soft));
    assert_eq!(matched.categories, CategorySet::of(Category::Adult));
}

#[test]
fn patterns_come_back_from_a_file_and_from_memory_and_an_index_takes_so_many() {
    let many = (0..PATTERNS_MAX + 3).fold(List::of(Category::Ads), |list, n| {
        list.pattern(&format!("||number{n:04}-*.example^"), RuleAction::Block)
    });
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = builder(folder.path(), &[many]).finish_in_memory(&mut |_| ()).unwrap();
    let path = folder.path().join("index");
    index.save(&path).unwrap();
    for index in [index, Index::open(&path).unwrap()] {
        assert_eq!(told(&index, "number1023-a.example"), [(Category::Ads, "ads".into(), 1024)]);
        assert_eq!(told(&index, "number1024-a.example"), []);
        assert_eq!(index.stats().names, PATTERNS_MAX as u64);
    }
}
