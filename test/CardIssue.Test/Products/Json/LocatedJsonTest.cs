using System.Text;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.Test.Products.Json;

public sealed class LocatedJsonTest
{
    private static (LocatedNode? Node, JsonMistake[] Mistakes) Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    private static (LocatedNode? Node, JsonMistake[] Mistakes) Read(byte[] json)
    {
        var mistakes = new JsonMistakes();
        return (LocatedJson.Read(json, mistakes), [.. mistakes.InOrder()]);
    }

    [Test]
    public void GoodFile_Read_EveryNodeKnowsItsPlace()
    {
        var (node, mistakes) = Read("{\n  \"a\": [1, \"ü\", true],\r\n  \"b\": {\"c\": null}\r}");
        Assert.That(mistakes, Is.Empty);
        Assert.That(node!.Place.ToString(), Is.EqualTo("1:1 $"));
        var a = node.Find("a")!;
        Assert.That(a.Place.ToString(), Is.EqualTo("2:3 $.a"));
        Assert.That(a.Value.Items.Select(i => i.Place.ToString()), Is.EqualTo(new[] { "2:9 $.a[0]", "2:12 $.a[1]", "2:17 $.a[2]" }));
        Assert.That(a.Value.Items.Select(i => i.Text), Is.EqualTo(new[] { "1", "ü", "true" }));
        Assert.That(node.Find("b")!.Value.Find("c")!.Value.Place.ToString(), Is.EqualTo("3:14 $.b.c"));
    }

    [TestCase("", "1:1 $: The file is empty.")]
    [TestCase("  \n ", "2:2 $: The file is empty.")]
    [TestCase("{\n\"a\": 1", "2:7 $.a: The file ends in the middle.")]
    [TestCase("{\"a\": 1,}", "1:9 $.a: A comma stands before the closing bracket.")]
    [TestCase("{\"a\": 1]", "1:8 $.a: A closing bracket does not belong here.")]
    [TestCase("// x\n{}", "1:1 $: Comments are not allowed.")]
    [TestCase("{} {}", "1:4 $: Something stands behind the end of the value.")]
    [TestCase("[1 2]", "1:4 $[1]: This is not JSON: a comma, colon, quote or value is missing or wrong.")]
    [TestCase("[tru, 1]", "1:5 $[0]: This is not JSON: a comma, colon, quote or value is missing or wrong.")]
    [TestCase("[\"a\nb\"]", "1:4 $[0]: A control character or a line break stands in a string.")]
    [TestCase("{}\u0001", "1:3 $: A control character stands behind the end of the value.")]
    [TestCase("{\"a\":\"b\"}\n\u0000", "2:1 $: A control character stands behind the end of the value.")]
    [TestCase("{\u0001\"a\": 1}", "1:2 $: A control character stands between values.")]
    [TestCase("{\"a\": \u0001 1}", "1:7 $.a: A control character stands between values.")]
    [TestCase("[\"a\",\u000B1]", "1:6 $[1]: A control character stands between values.")]
    [TestCase("{\"a\u0001\": 1}", "1:4 $: A control character or a line break stands in a string.")]
    [TestCase("{\"a\": \"b\\\"c\u0001\"}", "1:12 $.a: A control character or a line break stands in a string.")]
    [TestCase("[\"\\uD800\"]", "1:2 $[0]: A \\u escape here is half a surrogate pair.")]
    [TestCase("{\"a\":1,\n \"a\":2}", "2:2 $.a: The property \"a\" is here twice.")]
    [TestCase("{\"4761739001010119\":1,\"4761739001010119\":2}", "1:23 $[property 2]: The property with a name of 16 characters is here twice.")]
    public void BadFile_Read_IsLocated(string json, string expected) =>
        Assert.That(Read(json).Mistakes.Select(m => m.ToString()), Is.EqualTo(new[] { expected }));

    [Test]
    public void DoubledNames_Read_AllAreCollected() =>
        Assert.That(Read("{\"a\":1,\"a\":2,\"b\":{\"c\":1,\"c\":1}}").Mistakes.Select(m => m.Path), Is.EqualTo(new[] { "$.a", "$.b.c" }));

    [Test]
    public void NoUtf8_Read_IsLocated() =>
        Assert.That(Read([(byte)'[', (byte)'\n', 0xC3, 0x28]).Mistakes.Single().ToString(), Is.EqualTo("2:1 $: The file is not UTF-8 from here on."));

    [Test]
    public void ByteOrderMark_Read_IsSkipped() => Assert.That(Read([0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}']).Mistakes, Is.Empty);

    [Test]
    public void Nesting_AtTheCap_IsRead_BehindIt_IsNot()
    {
        var nested = (int depth) => new string('[', depth) + new string(']', depth);
        Assert.That(Read(nested(LocatedJson.MaxDepth)).Mistakes, Is.Empty);
        Assert.That(Read(nested(LocatedJson.MaxDepth + 1)).Mistakes.Single().Message, Is.EqualTo("Objects and arrays nest deeper than 40."));
    }

    [Test]
    public void TooLargeFile_Read_IsRefused() =>
        Assert.That(Read(new byte[LocatedJson.MaxFileBytes + 1]).Mistakes.Single().Message, Does.StartWith("The file has 16777217 bytes"));

    /// <summary>The path of each of 10,000 values would be 2.4 KB as text.</summary>
    [Test]
    public void LongNames_NestedDeep_CostNoMoreThanTheirFile()
    {
        var json = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat($"{{\"{new string('n', 64)}\":", LocatedJson.MaxDepth - 1)) + $"[{string.Join(',', Enumerable.Repeat("\"a\"", 10_000))}]" +
            new string('}', LocatedJson.MaxDepth - 1));
        Assert.That(Allocated.By(() => Assert.That(Read(json).Mistakes, Is.Empty)), Is.LessThan(60 * json.Length));
    }

    [Test]
    public void Values_AtTheCap_AreRead_BehindIt_AreNot()
    {
        byte[] Array(int elements) => [(byte)'[', .. Enumerable.Repeat(",1"u8.ToArray(), elements).SelectMany(b => b).Skip(1), (byte)']'];
        Assert.That(Read(Array(LocatedJson.MaxValues - 1)).Mistakes, Is.Empty);
        var mistake = Read(Array(LocatedJson.MaxValues)).Mistakes.Single();
        Assert.That((mistake.Message, mistake.Path), Is.EqualTo(("There are more than 1000000 values; the rest is not read.", "$[999999]")));
    }

    [Test]
    public void ManyProperties_AreFoundByName_EachOnce()
    {
        var (node, mistakes) = Read($"{{{string.Join(',', Enumerable.Range(0, 40).Select(i => $"\"p{i}\":{i}"))},\"p0\":9,\"p39\":9}}");
        Assert.That(mistakes.Select(m => m.Path), Is.EqualTo(new[] { "$.p0", "$.p39" }));
        Assert.That(Enumerable.Range(0, 40).Select(i => node!.Find($"p{i}")!.Value.Text), Is.EqualTo(Enumerable.Range(0, 40).Select(i => $"{i}")));
        Assert.That(node!.Find("p40"), Is.Null);
    }
}
