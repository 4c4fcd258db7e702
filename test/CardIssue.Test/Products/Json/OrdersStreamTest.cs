using System.Text;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products.Json;

/// <summary>Orders that come one after the other: JSON lines, and CSV by the columns of a product.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class OrdersStreamTest
{
    private static readonly string Lines = Samples.Text("orders.jsonl"), Csv = Samples.Text("orders.csv");

    [Test]
    public void SampleOfLines_Read_HasItsOrdersWithTheirLines()
    {
        var stream = Open(Lines, OrdersForm.JsonLines);
        var orders = stream.Read().ToList();
        Assert.That(stream.Mistakes, Is.Empty);
        Assert.That(orders.Select(order => $"{order.Line}:{order.Column} {order.Order} {order.Product} {order.IssueCode}"), Is.EqualTo(new[]
        {
            "1:1 LINE-0001 visa-like-e2e WAGTAIL-6027", "2:1 LINE-0002 visa-like-module SISKIN-8840",
        }));
        Assert.That(stream.Count, Is.EqualTo(2));
    }

    [Test]
    public void SampleOfCsv_Read_HasItsOrdersByTheProductsColumns()
    {
        var stream = Open(Csv, OrdersForm.Csv);
        var orders = stream.Read().ToList();
        Assert.That(stream.Mistakes, Is.Empty);
        Assert.That(orders.Select(order => $"{order.Line}:{order.Column} {order.Order} {order.Customer} {order.Product} {order.IssueCode ?? "-"}"),
            Is.EqualTo(new[] { "2:1 CSV-0001 C-3001 visa-like-module PLOVER-3914", "3:1 CSV-0002 C-3002 visa-like-module -" }));
        Assert.That(orders[0].Fields["name"], Is.EqualTo("CARDHOLDER/EDDA"));
        Assert.That(orders[0].Fields, Has.Count.EqualTo(9));
    }

    [Test]
    public void OrdersThatNameABranch_Read_HaveIt_AndAnEmptyCellIsAny()
    {
        var line = Lines.Split('\n')[0].Replace("\"product\"", "\"branch\": \"north\", \"product\"");
        Assert.That(Open(line, OrdersForm.JsonLines).Read().Single().Branch, Is.EqualTo(new BranchId("north")));
        var wrong = Open(line.Replace("north", "north west"), OrdersForm.JsonLines);
        Assert.That((wrong.Read().Count(), wrong.Mistakes[0].Path), Is.EqualTo((0, "$.branch")));
        var product = CardProductFile.Read(Encoding.UTF8.GetBytes(Samples.Text("visa-like-module.product.json")
            .Replace("\"customerId\": \"", "\"branch\": \"AT\", \"customerId\": \"")), "product").Product!;
        var rows = Csv.TrimEnd().Split('\n').Select((row, at) => $"{row.TrimEnd()};{(at == 0 ? "AT" : at == 1 ? "north" : "")}");
        var stream = new OrdersStream(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', rows))), OrdersForm.Csv, new OrdersContext(_ => product) { Csv = product });
        Assert.That(stream.Read().Select(order => order.Branch?.Value), Is.EqualTo(new[] { "north", null }));
    }

    [TestCase("\n", "")]
    [TestCase("\r\n", "")]
    [TestCase("\n", "\uFEFF")]
    [TestCase("\r\n\r\n", "\uFEFF")]
    public void LineEndsAndMark_Read_AreAllTaken(string end, string mark)
    {
        foreach (var (text, form) in new[] { (Lines, OrdersForm.JsonLines), (Csv, OrdersForm.Csv) })
        {
            var stream = Open(mark + text.Trim().Replace("\n", end), form);
            Assert.That(stream.Read().Count(), Is.EqualTo(2), form.ToString());
            Assert.That(stream.Mistakes, Is.Empty);
        }
    }

    [Test]
    public void LinesWithMistakes_Read_AreToldWithTheirPlaces_AndTheOthersAreRead()
    {
        var (first, second) = (Lines.Split('\n')[0], Lines.Split('\n')[1]);
        var stream = Open($"{first}\n{{\"orderId\": \"X\",}}\n\n[1]\n{second.Replace("2030-12-31", "2030-13-31")}\n\"\n", OrdersForm.JsonLines);
        Assert.That(stream.Read().Select(order => order.Order.Value), Is.EqualTo(new[] { "LINE-0001" }));
        var column = second.IndexOf("\"expires\"", StringComparison.Ordinal) + 1;
        Assert.That(stream.Mistakes.Select(mistake => mistake.ToString()), Is.EqualTo(new[]
        {
            "2:17 $.orderId: A comma stands before the closing bracket.",
            "4:1 $: An object is expected, not an array.",
            $"5:{column} $.fields.expires: The field \"expires\" is not a date as YYYY-MM-DD (record \"account\").",
            "6:2 $: The line ends in the middle.",
        }));
    }

    [TestCase("PAN", "PANS", "1:21 $.PANS: The product visa-like-module does not know the column \"PANS\": name it in its csv, under fields or ignore.",
        "1:1 $: The column \"PAN\" is missing, which the product visa-like-module reads.")]
    [TestCase("BRANCH", "PAN", "1:95 $.PAN: The column is here twice.")]
    [TestCase("C-3001;", "C-3001;;", "2:1 $: There are 14 cells; the first line names 13 columns.")]
    [TestCase("CARDHOLDER/EDDA", "EDDA \"E\"", "2:51 $: A quotation mark stands in a cell that does not begin with one.")]
    [TestCase("\"Harbour; north\"", "\"Harbour\" x", "2:250 $: Something stands behind a cell's second quotation mark.")]
    [TestCase("Airport", "\"Airport\n", "3:230 $: The cell that begins here has no second quotation mark.")]
    [TestCase("2030-12-31", "", "2:62 $.EXPIRES: The field \"expires\" is not a date as YYYY-MM-DD (record \"account\").")]
    [TestCase("C-3001", "Edda Reed", "2:10 $.CUSTOMER: A name has 1 to 64 of A-Z a-z 0-9 . _ -")]
    public void CsvWithAMistake_Read_IsToldWithItsPlace(string old, string changed, params string[] told)
    {
        var stream = Open(Samples.Change(Csv, old, changed), OrdersForm.Csv);
        Assert.That(stream.Read().Count(), Is.LessThan(2));
        Assert.That(stream.Mistakes.Select(mistake => mistake.ToString()), Is.SupersetOf(told));
    }

    [Test]
    public void QuotedCells_Read_MayHoldWhatPartsCells()
    {
        var stream = Open(Csv.Replace("Airport", "\"Gate \"\"7\"\";\nlevel 2\"").Replace(";PLOVER-3914;", ";\"PLOVER-3914\";"), OrdersForm.Csv);
        var orders = stream.Read().ToList();
        Assert.That(stream.Mistakes, Is.Empty);
        Assert.That(orders[0].IssueCode, Is.EqualTo("PLOVER-3914"));
        Assert.That(orders[1].Line, Is.EqualTo(3));
    }

    [Test]
    public void NoOrdersAtAll_Read_IsAMistake()
    {
        foreach (var (text, form) in new[] { ("\n \n", OrdersForm.JsonLines), (Csv.Split('\n')[0], OrdersForm.Csv) })
        {
            var stream = Open(text, form);
            Assert.That(stream.Read(), Is.Empty);
            Assert.That(stream.Mistakes.Select(mistake => mistake.Message), Is.EqualTo(new[] { "There are no orders." }), form.ToString());
        }
    }

    [Test]
    public void LinesThatAreTooLongOrNoUtf8_Read_AreTold_AndTheNextIsRead()
    {
        var first = Lines.Split('\n')[0];
        using var content = new MemoryStream(
            [.. new byte[3 * 1024 * 1024].Select(_ => (byte)'x'), (byte)'\n', (byte)'"', 0xFF, (byte)'\n', .. Encoding.UTF8.GetBytes(first)]);
        var stream = new OrdersStream(content, OrdersForm.JsonLines, new OrdersContext(Samples.Find));
        Assert.That(stream.Read().Single().Line, Is.EqualTo(3));
        Assert.That(stream.Mistakes.Select(mistake => mistake.ToString()), Is.EqualTo(new[]
        {
            "1:1 $: The line is longer than 1048576 bytes.", "2:2 $: The file is not UTF-8 from here on.",
        }));
    }

    [Test]
    public void MoreMistakesThanAreKept_Read_AreCounted()
    {
        var stream = Open(string.Concat(Enumerable.Repeat("[]\n", 1_500)), OrdersForm.JsonLines);
        Assert.That(stream.Read(), Is.Empty);
        Assert.That((stream.Mistakes.Count, stream.MistakeCount), Is.EqualTo((1_000, 1_500L)));
    }

    private static OrdersStream Open(string text, OrdersForm form) => new(
        new MemoryStream(Encoding.UTF8.GetBytes(text)), form, new OrdersContext(Samples.Find) { Csv = Samples.Find("visa-like-module") });
}
