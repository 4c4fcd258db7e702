namespace CardIssue.Test.Products.Json;

public sealed class CardProductFileTest
{
    /// <summary>One change of the sample, where the mistake is (the text that it begins at, after another one), its path and its words.</summary>
    [TestCase("\"version\": 1,", "", "{", "", "$", "The property \"version\" is missing.")]
    [TestCase("\"version\": 1", "\"version\": 0", "0,", "version", "$.version", "A whole number from 1 to 2147483647 is expected.")]
    [TestCase("\"version\": 1", "\"version\": 1.5", "1.5", "", "$.version", "A whole number from 1 to 2147483647 is expected.")]
    [TestCase("\"version\": 1", "\"version\": \"1\"", "\"1\"", "", "$.version", "A number is expected, not a string.")]
    [TestCase("\"version\": 1", "\"version\": 1, \"version\": 2", "\"version\": 2", "", "$.version", "The property \"version\" is here twice.")]
    [TestCase("\"name\": \"visa-like-e2e\"", "\"name\": \"a b\"", "\"a b\"", "", "$.name", "A name has 1 to 64 of A-Z a-z 0-9 . _ -")]
    [TestCase("\"name\": \"visa-like-e2e\"", "\"name\": null", "null", "", "$.name", "A string is expected, not null.")]
    [TestCase("\"globalplatform\"", "\"magic\"", "\"profile\"", "", "$.profile", "There is no such card profile; there are: globalplatform.")]
    [TestCase("\"endToEnd\"", "\"endtoend\"", "\"endtoend\"", "", "$.mode", "Expected is one of \"endToEnd\", \"module\".")]
    [TestCase("\"keyVersion\": \"30\"", "\"keyVersion\": \"3\"", "\"3\"", "", "$.keyVersion", "Hexadecimal digits are expected, two for each byte.")]
    [TestCase("\"keyVersion\": \"30\"", "\"keyVersion\": \"3030\"", "\"3030\"", "", "$.keyVersion", "There are 2 bytes; expected: 1.")]
    [TestCase("\"keyVersion\": \"30\"", "\"keyVersion\": 30", "30", "keyVersion", "$.keyVersion", "A string of hexadecimal digits is expected, not a number.")]
    [TestCase("\"keyVersion\": \"30\"", "\"keyVersion\": \"00\"", "\"keyVersion\"", "", "$.keyVersion", "A key version number is 01 to FF: keys are named, never left to the card.")]
    [TestCase("\"diversification\": \"kdf3\",", "", "{", "", "$", "The property \"diversification\" is missing.")]
    [TestCase("\"kdf3\"", "\"kdf4\"", "\"kdf4\"", "", "$.diversification", "Expected is one of \"none\", \"emvCps\", \"visa2\", \"kdf3\".")]
    [TestCase("\"kdf3\"", "\"visa2\"", "\"diversification\"", "", "$.diversification", "EMV CPS and VISA2 make triple-DES keys, and SCP03 needs AES: kdf3 or none, or scp 02.")]
    [TestCase("\"securityLevel\": \"33\"", "\"scp\": \"04\", \"securityLevel\": \"33\"", "\"04\"", "", "$.scp", "Expected is one of \"02\", \"03\", \"detect\".")]
    [TestCase("\"securityLevel\": \"33\"", "\"i\": \"7\", \"securityLevel\": \"33\"", "\"7\"", "", "$.i", "Hexadecimal digits are expected, two for each byte.")]
    [TestCase("\"securityLevel\": \"33\"", "\"i\": \"74\", \"securityLevel\": \"33\"", "\"i\"", "", "$.i", "There is no SCP03 i=74.")]
    [TestCase("\"securityLevel\": \"33\"", "\"i\": \"30\", \"securityLevel\": \"33\"", "\"securityLevel\"", "", "$.securityLevel", "A card of SCP03 i=30 can't protect its responses so.")]
    [TestCase("\"kdf3\",", "\"emvCps\", \"scp\": \"02\", \"i\": \"1A\",", "\"i\"", "", "$.i", "SCP02 i=1A is opened without the card's cryptogram, so nothing shows beforehand that a card is genuine: bit 3 must be set (04, 05, 14, 15, …).")]
    [TestCase("\"kdf3\",", "\"kdf3\", \"scp\": \"02\",", "\"diversification\"", "", "$.diversification", "KDF3 makes AES keys, and SCP02 needs triple DES: emvCps, visa2 or none, or scp 03.")]
    [TestCase("\"kdf3\",", "\"emvCps\", \"scp\": \"02\",", "\"securityLevel\"", "", "$.securityLevel", "SCP02 does not encrypt responses: 01, 03, 11 or 13.")]
    [TestCase("\"kdf3\",", "\"none\", \"scp\": \"detect\",", "\"scp\"", "", "$.scp", "Secret data has another length in each protocol: where there is some, scp is 02 or 03.")]
    [TestCase("[\"assigned\"]", "[\"serial\"]", "\"serial\"", "", "$.identity[0]", "Expected is \"diversificationData\", \"provedDiversificationData\", \"cplc\", \"cardImageNumber\", \"issuerAndCardNumber\", \"assigned\", {\"getData\": a tag} or {\"assigned\": \u2026}.")]
    [TestCase("[\"assigned\"]", "[]", "[]", "identity", "$.identity", "There are 0 elements; 1 to 8 are possible.")]
    [TestCase("[\"assigned\"]", "[{\"getData\": \"CF\"}]", "\"CF\"", "", "$.identity[0].getData", "There are 1 bytes; expected: 2.")]
    [TestCase("[\"assigned\"]", "[{\"assigned\": {\"tags\": \"DF10\"}}]", "\"tags\"", "", "$.identity[0].assigned.tags", "The property \"tags\" is not known; known here: tag, storeDataP1, command.")]
    [TestCase("[\"assigned\"]", "[{\"assigned\": {\"storeDataP1\": \"88\", \"command\": \"00DA0101\"}}]", "{\"storeDataP1\"", "", "$.identity[0].assigned", "\"storeDataP1\" and \"command\" exclude each other.")]
    [TestCase("[\"assigned\"]", "[\"assigned\", \"cplc\"]", "\"identity\"", "", "$.identity", "A card gets a number where nothing before tells of it: what comes after assigned would never be asked.")]
    [TestCase("\"33\"", "\"10\"", "\"10\"", "", "$.securityLevel", "Expected is one of \"01\", \"03\", \"11\", \"13\", \"33\".")]
    [TestCase("\"33\"", "\"11\"", "{", "", "$", "At this security level write data passes the terminal readable; use 03, 13 or 33, or say exposedToTerminal: true.")]
    [TestCase("\"A000000151000000\"", "\"A0000001\"", "\"A0000001\"", "", "$.securityDomain", "There are 4 bytes; expected: 5 to 16.")]
    [TestCase("\"storeData\": {", "\"storeData\": {\"p1\": \"08\", ", "\"p1\"", "", "$.storeData.p1", "The property \"p1\" is not known; known here: plainP1, encryptedP1, packed.")]
    [TestCase("\"packed\": false", "\"packed\": 0", "0}", "packed", "$.storeData.packed", "true or false is expected, not a number.")]
    [TestCase("\"states\": [\"07\"]", "\"states\": []", "[]", "states", "$.acceptedStates.states", "There are 0 elements; 1 to 255 are possible.")]
    [TestCase("\"scope\": \"applications\"", "\"scope\": \"all\"", "\"all\"", "", "$.acceptedStates.scope", "Expected is one of \"issuerSecurityDomain\", \"applications\".")]
    [TestCase("\"dgi\": \"0101\"", "\"dgi\": \"101\"", "\"101\"", "", "$.records[0].items[0].dgi", "Hexadecimal digits are expected, two for each byte.")]
    [TestCase("{\"tag\": \"57\", \"field\": \"track2\"", "{\"tag\": \"57\", \"hex\": \"00\", \"field\": \"track2\"", "\"field\": \"track2\"", "", "$.records[0].items[0].tlv[0].tlv[0].field", "\"field\" and \"hex\" exclude each other.")]
    [TestCase("\"field\": \"name\", \"as\": \"ascii\"", "\"field\": \"name\"", "{\"tag\": \"5F20\"", "", "$.records[0].items[0].tlv[0].tlv[1]", "The property \"as\" is missing.")]
    [TestCase("\"as\": \"track2\"", "\"as\": \"track1\"", "\"track1\"", "", "$.records[0].items[0].tlv[0].tlv[0].as", "Expected is one of \"ascii\", \"hex\", \"digits\", \"number\", \"date\", \"track2\", \"utf8\", \"shiftJis\", \"jisX0201\", \"iso8859-1\", \"iso8859-2\", \"iso8859-3\", \"iso8859-4\", \"iso8859-5\", \"iso8859-6\", \"iso8859-7\", \"iso8859-8\", \"iso8859-9\", \"iso8859-10\", \"iso8859-11\", \"iso8859-13\", \"iso8859-14\", \"iso8859-15\", \"iso8859-16\".")]
    [TestCase("\"tag\": \"5F28\"", "\"tag\": \"5F\"", "\"5F\"", "", "$.records[0].items[1].tlv[0].tlv[3].tag", "This is no BER tag of 1 to 3 bytes.")]
    [TestCase("\"tag\": \"5F28\", \"hex\": \"0840\"", "\"tag\": \"5F28\"", "{\"tag\": \"5F28\"", "", "$.records[0].items[1].tlv[0].tlv[3]", "One of \"tlv\", \"hex\", \"ascii\", \"text\", \"field\" is missing.")]
    [TestCase("\"VISA CREDIT\"", "\"CR\u00C9DIT\"", "\"CR\u00C9DIT\"", "", "$.records[1].items[2].tlv[0].tlv[0].ascii", "Only printable ASCII characters are possible.")]
    [TestCase("\"proof\": \"cardMac\"", "\"proof\": \"cardState\"", "{", "\"records\"", "$.records[0]", "This proof reads something back: say what in checks.")]
    [TestCase("\"repeat\": \"repeatable\"", "\"repeat\": \"lookFirst\"", "{", "\"records\"", "$.records[0]", "LookFirst needs a look.")]
    [TestCase("\"repeat\": \"repeatable\"", "\"repeat\": \"again\"", "\"again\"", "", "$.records[0].repeat", "Expected is \"repeatable\", \"lookFirst\" or {\"startOver\": a record's name}.")]
    [TestCase("\"startOver\": \"account\"", "\"startOver\": \"accounts\"", "\"accounts\"", "", "$.records[2].repeat.startOver", "There is no record of this name.")]
    [TestCase("\"repeat\": \"repeatable\"", "\"repeat\": {\"startOver\": \"counters\"}", "\"counters\"", "", "$.records[0].repeat.startOver", "The record to start over from comes after this one.")]
    [TestCase("\"name\": \"counters\"", "\"name\": \"account\"", "\"account\"", "\"9104\"", "$.records[2].name", "An earlier record has this name.")]
    [TestCase("{\"dgi\": \"7FFF\", \"hex\": \"\"}", "", "\"close\"", "", "$.close", "The closing does something: items, or status.")]
    [TestCase(", \"notDone\": {\"state\": \"07\"}", "", "\"closeLook\"", "", "$.closeLook", "Each check of the look says what it reads when the card is not closed (notDone).")]
    [TestCase("\"done\": {\"state\": \"0F\"}", "\"done\": 15", "15", "\"done\"", "$.closeLook[0].done", "Expected is \"nothing\", {\"state\": \u2026}, {\"sha256\": \u2026} or bytes: {\"tlv\"|\"hex\"|\"ascii\"|\"field\": \u2026}.")]
    [TestCase("\"lifeCycle\": {", "\"getData\": \"9F7F\", \"lifeCycle\": {", "\"lifeCycle\"", "", "$.closeLook[0].lifeCycle", "\"lifeCycle\" and \"getData\" exclude each other.")]
    [TestCase("{\"tag\": \"9F07\", \"hex\": \"FF00\"}", "{\"tag\": \"9F07\", \"hex\": \"FF\"}", "\"9F07\"", "", "$.records[0].items[1].tlv[0].tlv[9].tag", "Tag 9F07 (Application Usage Control) has 1 bytes; 2 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"5F28\", \"hex\": \"0840\"", "\"5F28\", \"hex\": \"8400\"", "\"5F28\"", "", "$.records[0].items[1].tlv[0].tlv[3].tag", "Tag 5F28 (Issuer Country Code) is no number of 3 digits: it does not begin with 0 (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"5F28\", \"hex\": \"0840\"", "\"5F28\", \"ascii\": \"US\"", "\"5F28\"", "", "$.records[0].items[1].tlv[0].tlv[3].tag", "Tag 5F28 (Issuer Country Code) is no number of 3 digits: it does not begin with 0 (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"ascii\": \"VISA CREDIT\"", "\"ascii\": \"VISA CREDIT FOR ALL\"", "\"50\"", "\"9102\"", "$.records[1].items[2].tlv[0].tlv[0].tag", "Tag 50 (Application Label) has 19 bytes; 1 to 16 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"ascii\": \"VISA CREDIT\"", "\"tlv\": [{\"ascii\": \"VISA\"}, {\"ascii\": \"/CREDIT\"}]", "\"50\"", "\"9102\"", "$.records[1].items[2].tlv[0].tlv[0].tag", "Tag 50 (Application Label) has letters, digits and spaces, and nothing else.")]
    [TestCase("\"tlv\": [{\"tag\": \"82\", \"hex\": \"1C00\"}, {\"tag\": \"94\", \"hex\": \"08010200\"}]", "\"hex\": \"82011C940408010200\"", "\"82011C940408010200\"", "", "$.records[1].items[3].hex", "Tag 82 (AIP) has 1 bytes; 2 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"tag\": \"A5\",\n              \"tlv\": [", "\"tag\": \"A5\",\n              \"tlv\": [{\"tag\": \"BF0C\", \"hex\": \"9F4D020A0A\"}, ", "\"9F4D020A0A\"", "", "$.records[1].items[2].tlv[0].tlv[0].hex", "Tag 9F4D (Log Entry) is an SFI, 11 to 30, and how many records it has.")]
    [TestCase("\"9F11\", \"hex\": \"01\"", "\"9F11\", \"hex\": \"12\"", "\"9F11\"", "", "$.records[1].items[2].tlv[0].tlv[4].tag", "Tag 9F11 (Issuer Code Table Index) is 01 to 10.")]
    [TestCase("\"ascii\": \"CREDITO DE VISA\"", "\"text\": \"Τράπεζα\", \"as\": \"iso8859-1\"", "\"Τράπεζα\"", "", "$.records[1].items[2].tlv[0].tlv[5].text", "The text has a character that iso8859-1 does not have, character 1.")]
    [TestCase("\"ascii\": \"CREDITO DE VISA\"", "\"text\": \"X\"", "{\"tag\": \"9F12\"", "", "$.records[1].items[2].tlv[0].tlv[5]", "The property \"as\" is missing.")]
    [TestCase("\"packed\": false}", "\"packed\": false},\n  \"4761739001010119\": 1", "\"4761739001010119\"", "", "$[property 15]", "The property with a name of 16 characters is not known; known here: $schema, name, version, profile, mode, keySet, keyVersion, diversification, ownKeys, scp, i, securityLevel, identity, securityDomain, application, acceptedStates, storeData, quirks, allowRepeatedCardNumber, exposedToTerminal, securityDomains, programs, records, close, closeLook, rewrites, csv.")]
    [TestCase("\"kdf3\",", "\"kdf3\", \"ownKeys\": {\"keySet\": \"own\", \"keyVersion\": \"31\", \"diversification\": \"kdf3\"},", "{\"keySet\"", "", "$.ownKeys", "The property \"put\" is missing.")]
    [TestCase("\"kdf3\",", "\"kdf3\", \"ownKeys\": {\"keySet\": \"own\", \"keyVersion\": \"31\", \"diversification\": \"kdf3\", \"put\": \"renew\"},", "\"renew\"", "", "$.ownKeys.put", "Expected is one of \"add\", \"replace\".")]
    [TestCase("\"kdf3\",", "\"kdf3\", \"ownKeys\": {\"keySet\": \"own\", \"keyVersion\": \"31\", \"diversification\": \"kdf3\", \"put\": \"add\"},", "\"ownKeys\"", "", "$.ownKeys", "Exactly one record puts the own keys: its one item is putKeys.")]
    [TestCase("{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"putKeys\": true}", "\"close\"", "", "$.close", "Own keys are put by a record, before the closing.")]
    [TestCase("{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"putKeys\": false}", "false}]", "", "$.close.items[0].putKeys", "Expected is true: an item that puts no keys is left out.")]
    [TestCase("\"packed\": false}", "\"packed\": false},\n  \"programs\": []", "[]", "\"programs\"", "$.programs", "There are 0 elements; 1 to 32 are possible.")]
    [TestCase("\"plainP1\": \"08\"", "\"plainP1\": \"88\"", "\"storeData\"", "", "$.storeData", "P1 with bit 8 set marks the last block, and that is the closing's alone: say 08, not 88.")]
    [TestCase("\"plainP1\": \"08\"", "\"plainP1\": \"10\"", "\"close\"", "", "$.close", "Data groupings need a P1 of DGI (08, 68) or no format (00, 60): see storeData.")]
    [TestCase("\"done\": {\"state\": \"0F\"}", "\"done\": {\"sha256\": {\"hex\": \"00\", \"tag\": \"57\"}}", "\"tag\": \"57\"}}", "", "$.closeLook[0].done.sha256.tag", "The property \"tag\" is not known; known here: tlv, hex, ascii, text, field.")]
    [TestCase("\"done\": {\"state\": \"0F\"}", "\"done\": {\"sha256\": {\"hex\": \"00\"}}", "\"closeLook\"", "", "$.closeLook", "A life cycle is a state, and only a life cycle is one.")]
    [TestCase("{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"command\": \"80F040\", \"hex\": \"\"}", "\"80F040\"", "", "$.close.items[0].command", "There are 3 bytes; expected: 4.")]
    [TestCase("{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"command\": \"80F0400F\", \"hex\": \"\", \"secret\": true}", "\"secret\": true}]", "", "$.close.items[0].secret", "The property \"secret\" is not known; known here: dgi, tag, hexDgi, command, load, install, delete, extradite, registryUpdate, putKeys, domainKeys, tlv, hex, ascii, text, field.")]
    [TestCase("[\"assigned\"]", "[\"cplc\", \"assigned\"]", "\"rewrites\"", "", "$.rewrites", "Only a card that the center gave a number can be told from every other after a cut: rewrites need \"identity\": [\"assigned\"].")]
    [TestCase("\"name\": \"enrol\",", "\"name\": \"enrol\", \"from\": [2],", "\"from\"", "", "$.rewrites[0].from", "A card comes from this version of the product or an earlier one.")]
    [TestCase("\"name\": \"enrol\",", "\"name\": \"enrol\", \"application\": \"none\",", "\"application\": \"none\"", "", "$.rewrites[0].application", "The property \"application\" is not known; known here: name, from, before, ownKeys, toSecurityDomain, storeData, records, close, closeLook.")]
    [TestCase("\"done\": {\"state\": \"0F\"}}],\n      \"toSecurityDomain\"", "\"done\": {\"state\": \"0F\"}, \"notDone\": {\"state\": \"07\"}}],\n      \"toSecurityDomain\"", "\"before\"", "", "$.rewrites[0].before", "What the card must hold is done; there is no notDone before.")]
    public void OneThingWrong_Read_IsLocated(string old, string changed, string at, string after, string path, string message)
    {
        var text = Samples.Change(Samples.EndToEnd, old, changed);
        var (line, column) = Samples.PlaceOf(text, at, after);
        Assert.That(Samples.Product(text).Mistakes.Select(m => m.ToString()), Does.Contain($"{line}:{column} {path}: {message}"));
        Assert.That(Samples.Product(text).Product, Is.Null);
    }

    [Test]
    public void RewritesOfOneName_OrWithoutALookBefore_Read_AreRefused()
    {
        var twice = Samples.Change(Samples.EndToEnd, "\"name\": \"enrol\"", "\"name\": \"block\"");
        Assert.That(Samples.Product(twice).Mistakes.Select(m => $"{m.Path}: {m.Message}"), Is.EqualTo(new[] { "$.rewrites[2].name: An earlier rewrite has this name." }));
        var blind = Samples.Change(Samples.EndToEnd, "\"name\": \"enrol\",\n      \"before\"", "\"name\": \"enrol\",\n      \"after\"");
        Assert.That(Samples.Product(blind).Mistakes.Select(m => $"{m.Path}: {m.Message}"), Does.Contain("$.rewrites[0]: The property \"before\" is missing."));
    }

    [Test]
    public void Rewrite_OfAProduct_IsTheProductWithItsOwnRecordsAndEnd()
    {
        var product = Samples.Product(Samples.EndToEnd).Product!;
        var points = product.Rewrite("points")!;
        Assert.That(product.Rewrite("nothing"), Is.Null);
        Assert.That((points.Application, points.Start, points.PlainP1, points.KeySet, points.Doing!.Name, points.Rewrites.Count),
            Is.EqualTo((default(Core.Cards.Apdu.Aid?), default(Core.Cards.Products.StartState), (byte)0x10, product.KeySet, "points", 0)));
        var shape = Core.Cards.Products.CardPlan.Create(points, new Dictionary<string, string> { ["points"] = "000350", ["pointsBefore"] = "000100" }).Plan!.Shape;
        Assert.That((shape.BeforeCommands, shape.Records[0].Commands, shape.CloseCommands, shape.CloseLookCommands, shape.AssignCommands), Is.EqualTo((2, 1, 1, 1, 0)));
        Assert.That(product.Rewrite("block")!.Application, Is.EqualTo(product.Application));
    }

    [Test]
    public void SeveralThingsWrong_Read_AllAreToldInOrder()
    {
        var text = Samples.Change(Samples.Change(Samples.Change(Samples.EndToEnd, "\"endToEnd\"", "1"), "\"30\"", "\"zz\""), "\"startOver\": \"account\"", "\"startOver\": 1");
        Assert.That(Samples.Product(text).Mistakes.Select(m => m.Path), Is.EqualTo(new[] { "$.mode", "$.keyVersion", "$.records[2].repeat.startOver" }));
    }

    [Test]
    public void Mistake_InLines_NamesTheFile() =>
        Assert.That(Samples.Product("[]").Lines(), Is.EqualTo(new[] { "p.json:1:1 $: An object is expected, not an array." }));

    [Test]
    public void Command_Read_HasItsHeaderAndData()
    {
        var text = Samples.Change(Samples.EndToEnd, "{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"command\": \"80F0 400F\", \"hex\": \"A0000000031010\"}");
        Assert.That(Samples.Product(text).Product!.Close.Items[0], Is.EqualTo(new Core.Cards.Products.ItemDefinition.Command(
            0x80F0400F, [new Core.Cards.Products.TemplateNode.Literal(Core.Primitives.ByteString.FromHex("A0000000031010"))])));
    }

    [Test]
    public void Quirks_Read_AreAllThree()
    {
        var text = Samples.Change(Samples.EndToEnd, "\"records\":",
            "\"quirks\": {\"asksForKeyVersion\": \"00\", \"answersKeyVersion\": \"FF\", \"countsEmptyCommands\": false}, \"records\":");
        Assert.That(Samples.Product(text).Product!.Quirks, Is.EqualTo(new Core.Cards.SecureChannel.CardQuirks(0x00, 0xFF, false)));
    }

    [TestCase("{\"tag\": \"DF10\", \"storeDataP1\": \"88\"}", 0xDF10, 0x88, null)]
    [TestCase("{\"tag\": \"DF10\", \"command\": \"00DA0110\"}", 0xDF10, 0x90, 0x00DA0110)]
    [TestCase("{\"command\": \"00DA0110\"}", 0x0045, 0x90, 0x00DA0110)]
    [TestCase("{}", 0x0045, 0x90, null)]
    public void Assigned_AsAnObject_Read_SaysWhereAndHowTheNumberIsWritten(string assigned, int tag, int storeDataP1, int? command)
    {
        var text = Samples.Change(Samples.EndToEnd, "[\"assigned\"]", $"[{{\"assigned\": {assigned}}}]");
        Assert.That(Samples.Product(text).Product!.Identity.Single(), Is.EqualTo(new Core.Cards.Products.IdentitySource.Assigned
        {
            Tag = (ushort)tag, StoreDataP1 = (byte)storeDataP1, Command = (uint?)command,
        }));
    }

    [Test]
    public void PreparedGroupings_Read_NameTheirField()
    {
        var text = Samples.Change(Samples.EndToEnd, "{\"dgi\": \"7FFF\", \"hex\": \"\"}", "{\"hexDgi\": \"prepared\"}");
        Assert.That(Samples.Product(text).Product!.Close.Items[0], Is.EqualTo(new Core.Cards.Products.ItemDefinition.Prepared("prepared")));
    }

    /// <summary>9F12 is coded by the part of ISO 8859 that 9F11 names; where both are literal, that is seen when the product is read.</summary>
    [TestCase("01", "text", "Crédito", "iso8859-1", null)]
    [TestCase("07", "text", "Τράπεζα", "iso8859-7", null)]
    [TestCase("07", "hex", "D2", "", "Tag 9F12 has a character that ISO 8859-7, which tag 9F11 names, does not have.")]
    [TestCase("03", "hex", "A5", "", "Tag 9F12 has a character that ISO 8859-3, which tag 9F11 names, does not have.")]
    [TestCase(null, "text", "Crédito", "iso8859-1", "Tag 9F12 has characters beyond the common set: it needs tag 9F11 beside it, to say which part of ISO 8859 they are of.")]
    [TestCase(null, "text", "Credito", "iso8859-1", null)]
    public void PreferredName_OfTheCodeTableOrNot_Read(string? table, string kind, string name, string encoding, string? message)
    {
        var text = Samples.Change(Samples.EndToEnd, "\"ascii\": \"CREDITO DE VISA\"", $"\"{kind}\": \"{name}\"{(encoding == "" ? "" : $", \"as\": \"{encoding}\"")}");
        const string Table = "{\"tag\": \"9F11\", \"hex\": \"01\"},";
        text = Samples.Change(text, Table, table is null ? "" : Table.Replace("\"01\"", $"\"{table}\""));
        Assert.That(Samples.Product(text).Mistakes.Select(m => (m.Path, m.Message)),
            Is.EqualTo(message is null ? Array.Empty<(string, string)>() : [("$.records[1].items[2].tlv[0].tlv", message)]));
    }

    [Test]
    public void CharacterSetThatIsNoText_OfAText_IsRefused()
    {
        var text = Samples.Change(Samples.EndToEnd, "\"ascii\": \"CREDITO DE VISA\"", "\"text\": \"X\", \"as\": \"hex\"");
        Assert.That(Samples.Product(text).Mistakes.Single().Message, Does.StartWith("Expected is one of \"utf8\", \"shiftJis\""));
    }

    /// <summary>Groupings of keys hold no data objects, whatever their bytes look like; nor does what is secret, or a proprietary template hold EMV's.</summary>
    [TestCase("{\"dgi\": \"9000\", \"field\": \"applicationKeyCheckValues\", \"as\": \"hex\"}", "{\"dgi\": \"9000\", \"hex\": \"820101\"}, {\"dgi\": \"9001\", \"field\": \"applicationKeyCheckValues\", \"as\": \"hex\"}")]
    [TestCase("{\"dgi\": \"9000\"", "{\"dgi\": \"A001\", \"secret\": true, \"tlv\": [{\"tag\": \"82\", \"hex\": \"01\"}]}, {\"dgi\": \"9000\"")]
    [TestCase("{\"dgi\": \"9000\"", "{\"dgi\": \"A001\", \"tlv\": [{\"tag\": \"E1\", \"tlv\": [{\"tag\": \"82\", \"hex\": \"01\"}]}, {\"tag\": \"C1\", \"hex\": \"01\"}]}, {\"dgi\": \"9000\"")]
    [TestCase("{\"dgi\": \"9000\"", "{\"dgi\": \"A001\", \"tlv\": [{\"tag\": \"7F60\", \"tlv\": [{\"tag\": \"A1\", \"tlv\": [{\"tag\": \"81\", \"hex\": \"08\"}, {\"tag\": \"90\", \"hex\": \"\"}]}]}]}, {\"dgi\": \"9000\"")]
    public void WhatEmvDoesNotDefine_Read_Passes(string old, string changed) =>
        Assert.That(Samples.Product(Samples.Change(Samples.EndToEnd, old, changed)).Lines(), Is.Empty);

    [Test]
    public void RepeatedCardNumbers_AreAllowedWhereTheProductSaysSo()
    {
        Assert.That(Samples.Product(Samples.EndToEnd).Product!.AllowRepeatedCardNumber, Is.False);
        var text = Samples.Change(Samples.EndToEnd, "\"records\":", "\"allowRepeatedCardNumber\": true, \"records\":");
        Assert.That(Samples.Product(text).Product!.AllowRepeatedCardNumber, Is.True);
    }
}
