ABOUT = "/api/v1/server"


def test_it_says_without_a_key_what_a_client_must_know(serve):
    served = serve(native_requires_key=True, max_pixels=5678, max_photos=9, source_url="https://example.org/facies")
    document = served.client.get(ABOUT).json()
    assert document["limits"] == {"upload_bytes": 1024 * 1024 * 1024, "pixels": 5678, "photos": 9}
    assert document["source_url"] == "https://example.org/facies"
    assert document["requires_key"] == {"coral": False, "native": True, "rock": True}


def test_it_follows_the_settings_about_keys(serve):
    served = serve(coral_requires_key=True, native_requires_key=False)
    assert served.client.get(ABOUT).json()["requires_key"] == {"coral": True, "native": False, "rock": True}


def test_the_packages_of_the_older_apis_can_be_downloaded_without_a_key(served):
    models = served.client.get(ABOUT).json()["served"]
    assert {name: model["model"] for name, model in models.items()} == {
        "coral": "test-coral@1.0.0",
        "rock": "test-rock@1.0.0",
    }
    for model in models.values():
        assert {"package.toml", "CARD.md"} < set(model["files"])
        for address in model["files"].values():
            answer = served.client.get(address)
            assert answer.status_code == 200
            assert "attachment" in answer.headers["content-disposition"]


def test_it_names_what_a_package_was_trained_on(served):
    sources = served.client.get(ABOUT).json()["served"]["coral"]["sources"]
    assert [sorted(source) for source in sources] == [["licence", "name", "url", "used_for"]] * len(sources)
    assert sources


def test_it_names_the_colours_of_the_older_apis(served):
    classes = served.client.get(ABOUT).json()["served"]["coral"]["classes"]
    assert classes[1] == {"index": 1, "name": "bleached", "rgb": [239, 68, 68]}
