package shop

// categoryWord is the plan and the vocabulary of one category.
type categoryWord struct {
	code, en, zh string
	price        float64 // typical price, yuan
	elasticity   float64
	amplitude    float64 // of the yearly wave
	peak         float64 // week of the year of its top
	festive      float64 // extra demand in the weeks before the year's end
	refund       float64
	units        float64 // mean units of a line beyond the first
	nounsEN      [5]string
	nounsZH      [5]string
	wordsEN      [8]string
	wordsZH      [8]string
}

var categoryWords = []categoryWord{
	{
		"PHO", "Phones", "手机数码", 1800, -2.4, 0.10, 40, 0.8, 0.06, 0.02,
		[5]string{"smartphone", "power bank", "phone case", "charging cable", "screen protector"},
		[5]string{"智能手机", "充电宝", "手机壳", "数据线", "钢化膜"},
		[8]string{"fast charge", "dual camera", "slim", "magnetic", "wireless", "shockproof", "high capacity", "bright display"},
		[8]string{"快充", "双摄", "轻薄", "磁吸", "无线", "防摔", "大容量", "高清屏"},
	},
	{
		"COM", "Computers", "电脑办公", 2600, -2.0, 0.15, 36, 0.6, 0.05, 0.02,
		[5]string{"laptop", "mechanical keyboard", "wireless mouse", "monitor", "memory card"},
		[5]string{"笔记本电脑", "机械键盘", "无线鼠标", "显示器", "存储卡"},
		[8]string{"backlit", "quiet keys", "ergonomic", "aluminium", "wide screen", "low latency", "portable", "high speed"},
		[8]string{"背光", "静音", "人体工学", "铝合金", "宽屏", "低延迟", "便携", "高速"},
	},
	{
		"AUD", "Audio", "影音娱乐", 420, -1.8, 0.10, 48, 0.9, 0.06, 0.03,
		[5]string{"headphones", "bluetooth speaker", "earbuds", "sound bar", "microphone"},
		[5]string{"头戴耳机", "蓝牙音箱", "真无线耳机", "回音壁", "麦克风"},
		[8]string{"noise cancelling", "deep bass", "long battery", "waterproof", "clear voice", "foldable", "hi-res", "touch control"},
		[8]string{"降噪", "重低音", "长续航", "防水", "清晰人声", "可折叠", "高解析", "触控"},
	},
	{
		"WOM", "Women's fashion", "女装", 180, -2.8, 0.20, 20, 0.4, 0.14, 0.15,
		[5]string{"summer dress", "knit sweater", "silk blouse", "wool coat", "pleated skirt"},
		[5]string{"连衣裙", "针织衫", "真丝衬衫", "羊毛大衣", "百褶裙"},
		[8]string{"floral", "slim fit", "soft cotton", "high waist", "loose", "elegant", "lace", "breathable"},
		[8]string{"碎花", "修身", "纯棉", "高腰", "宽松", "优雅", "蕾丝", "透气"},
	},
	{
		"MEN", "Men's fashion", "男装", 200, -2.2, 0.15, 42, 0.4, 0.11, 0.12,
		[5]string{"polo shirt", "denim jeans", "down jacket", "linen shirt", "hoodie"},
		[5]string{"马球衫", "牛仔裤", "羽绒服", "亚麻衬衫", "连帽卫衣"},
		[8]string{"stretch", "regular fit", "windproof", "warm lining", "casual", "business", "washed", "crew neck"},
		[8]string{"弹力", "直筒", "防风", "加绒", "休闲", "商务", "水洗", "圆领"},
	},
	{
		"SHO", "Shoes", "鞋靴", 320, -2.1, 0.15, 14, 0.3, 0.12, 0.03,
		[5]string{"running shoes", "leather boots", "canvas sneakers", "sandals", "house slippers"},
		[5]string{"跑步鞋", "皮靴", "帆布鞋", "凉鞋", "居家拖鞋"},
		[8]string{"cushioned", "non-slip", "light sole", "genuine leather", "wide fit", "mesh upper", "thick sole", "quick dry"},
		[8]string{"缓震", "防滑", "轻底", "真皮", "宽楦", "网面", "厚底", "速干"},
	},
	{
		"BAG", "Bags", "箱包", 260, -1.7, 0.20, 26, 0.4, 0.07, 0.05,
		[5]string{"backpack", "suitcase", "handbag", "wallet", "travel organiser"},
		[5]string{"双肩包", "行李箱", "手提包", "钱包", "旅行收纳袋"},
		[8]string{"water resistant", "cabin size", "many pockets", "vegan leather", "light", "lockable", "silent wheels", "compact"},
		[8]string{"防泼水", "登机尺寸", "多口袋", "环保皮", "轻便", "带锁", "静音轮", "小巧"},
	},
	{
		"BEA", "Beauty", "美妆护肤", 130, -1.9, 0.10, 10, 0.7, 0.04, 0.30,
		[5]string{"face cream", "lipstick", "sunscreen", "sheet mask", "cleansing foam"},
		[5]string{"面霜", "口红", "防晒霜", "面膜", "洁面泡沫"},
		[8]string{"hydrating", "matte", "sensitive skin", "vitamin", "fragrance free", "long lasting", "gentle", "hyaluronic"},
		[8]string{"保湿", "哑光", "敏感肌", "维生素", "无香精", "持久", "温和", "玻尿酸"},
	},
	{
		"BAB", "Baby", "母婴用品", 110, -1.2, 0.05, 30, 0.2, 0.05, 0.60,
		[5]string{"diapers", "feeding bottle", "baby wipes", "stroller", "milk powder"},
		[5]string{"纸尿裤", "奶瓶", "婴儿湿巾", "婴儿推车", "奶粉"},
		[8]string{"ultra soft", "anti-colic", "hypoallergenic", "foldable", "newborn", "overnight", "organic", "leak proof"},
		[8]string{"超柔", "防胀气", "低敏", "易折叠", "新生儿", "夜用", "有机", "防漏"},
	},
	{
		"TOY", "Toys", "玩具", 95, -1.6, 0.15, 50, 1.4, 0.05, 0.15,
		[5]string{"building blocks", "plush bear", "jigsaw puzzle", "remote car", "board game"},
		[5]string{"积木", "毛绒熊", "拼图", "遥控车", "桌游"},
		[8]string{"educational", "wooden", "colourful", "three years", "family", "soft touch", "rechargeable", "thousand pieces"},
		[8]string{"益智", "木质", "彩色", "三岁以上", "亲子", "软绵绵", "可充电", "一千片"},
	},
	{
		"KIT", "Kitchen", "厨房用品", 150, -1.5, 0.05, 4, 0.5, 0.05, 0.20,
		[5]string{"frying pan", "chef knife", "rice cooker", "lunch box", "tea pot"},
		[5]string{"平底锅", "主厨刀", "电饭煲", "饭盒", "茶壶"},
		[8]string{"non-stick", "stainless steel", "ceramic", "insulated", "dishwasher safe", "cast iron", "sharp", "glass"},
		[8]string{"不粘", "不锈钢", "陶瓷", "保温", "可机洗", "铸铁", "锋利", "玻璃"},
	},
	{
		"FUR", "Furniture", "家具", 900, -1.4, 0.12, 12, 0.1, 0.07, 0.05,
		[5]string{"office chair", "bookshelf", "bedside table", "folding desk", "sofa cover"},
		[5]string{"办公椅", "书架", "床头柜", "折叠桌", "沙发套"},
		[8]string{"solid wood", "adjustable", "space saving", "oak", "easy assembly", "lumbar support", "steel frame", "washable"},
		[8]string{"实木", "可调节", "省空间", "橡木", "易安装", "护腰", "钢架", "可水洗"},
	},
	{
		"BED", "Bedding", "家纺", 240, -1.6, 0.30, 48, 0.2, 0.06, 0.20,
		[5]string{"duvet", "memory pillow", "bed sheet", "summer blanket", "mattress pad"},
		[5]string{"羽绒被", "记忆枕", "床单", "夏凉被", "床垫褥"},
		[8]string{"long staple", "cooling", "warm", "anti-mite", "four piece", "neck support", "silky", "thick"},
		[8]string{"长绒棉", "凉感", "保暖", "防螨", "四件套", "护颈", "丝滑", "加厚"},
	},
	{
		"GAR", "Garden", "园艺", 85, -1.3, 0.60, 20, 0.0, 0.04, 0.50,
		[5]string{"flower pot", "garden hose", "pruning shears", "seed set", "solar lamp"},
		[5]string{"花盆", "浇水管", "修枝剪", "种子套装", "太阳能灯"},
		[8]string{"balcony", "self watering", "frost proof", "herbs", "rust free", "outdoor", "terracotta", "extendable"},
		[8]string{"阳台", "自动浇水", "防冻", "香草", "防锈", "户外", "陶土", "可伸缩"},
	},
	{
		"SPO", "Sports", "运动户外", 210, -1.7, 0.25, 22, 0.2, 0.07, 0.10,
		[5]string{"yoga mat", "dumbbells", "camping tent", "tennis racket", "cycling helmet"},
		[5]string{"瑜伽垫", "哑铃", "露营帐篷", "网球拍", "骑行头盔"},
		[8]string{"anti-slip", "carbon", "two person", "rain proof", "adjustable weight", "training", "ventilated", "beginner"},
		[8]string{"防滑", "碳素", "双人", "防雨", "可调重量", "训练", "通风", "入门"},
	},
	{
		"BOO", "Books", "图书", 48, -1.1, 0.10, 36, 0.6, 0.02, 0.30,
		[5]string{"novel", "cookbook", "picture book", "history book", "language course"},
		[5]string{"长篇小说", "菜谱", "绘本", "历史书", "语言教程"},
		[8]string{"illustrated", "bestseller", "hardcover", "classic", "for children", "annotated", "new edition", "award winning"},
		[8]string{"插图", "畅销", "精装", "经典", "儿童", "注释版", "新版", "获奖"},
	},
	{
		"FOO", "Food", "食品", 55, -1.4, 0.08, 2, 0.9, 0.02, 0.90,
		[5]string{"roasted nuts", "dark chocolate", "instant noodles", "olive oil", "dried mango"},
		[5]string{"坚果", "黑巧克力", "方便面", "橄榄油", "芒果干"},
		[8]string{"no added sugar", "family pack", "spicy", "salted", "cold pressed", "crunchy", "low fat", "gift box"},
		[8]string{"无添加糖", "家庭装", "麻辣", "盐焗", "冷榨", "香脆", "低脂", "礼盒"},
	},
	{
		"DRI", "Tea and coffee", "茶饮咖啡", 75, -1.3, 0.15, 1, 0.6, 0.02, 0.70,
		[5]string{"green tea", "coffee beans", "coffee machine", "oolong tea", "fruit juice"},
		[5]string{"绿茶", "咖啡豆", "咖啡机", "乌龙茶", "果汁"},
		[8]string{"spring harvest", "dark roast", "single origin", "high mountain", "fifteen bar", "caffeine free", "fresh", "loose leaf"},
		[8]string{"明前", "深烘", "单一产地", "高山", "十五巴", "无咖啡因", "鲜榨", "散装"},
	},
	{
		"PET", "Pets", "宠物用品", 90, -1.2, 0.05, 18, 0.1, 0.03, 0.50,
		[5]string{"cat food", "dog leash", "cat litter", "pet bed", "chew toy"},
		[5]string{"猫粮", "牵引绳", "猫砂", "宠物窝", "磨牙玩具"},
		[8]string{"grain free", "reflective", "low dust", "washable", "salmon", "puppy", "clumping", "plush"},
		[8]string{"无谷", "反光", "低粉尘", "可拆洗", "三文鱼", "幼犬", "结团", "绒面"},
	},
	{
		"HEA", "Health", "医药保健", 120, -0.9, 0.15, 3, 0.2, 0.02, 0.40,
		[5]string{"blood pressure monitor", "vitamin tablets", "massage gun", "face masks", "thermometer"},
		[5]string{"血压计", "维生素片", "筋膜枪", "医用口罩", "体温计"},
		[8]string{"upper arm", "large display", "daily", "calcium", "deep muscle", "sterile", "voice guide", "sugar free"},
		[8]string{"上臂式", "大屏", "每日", "高钙", "深层", "灭菌", "语音播报", "无糖"},
	},
}

// complementWords names pairs of products that sell together:
// category code, index of the noun, index of its companion, probability.
var complementWords = []struct {
	code     string
	from, to int
	prob     float64
}{
	{"PHO", 0, 2, 0.45}, {"DRI", 2, 1, 0.45}, {"BAB", 4, 1, 0.35}, {"COM", 0, 2, 0.40}, {"PET", 0, 2, 0.35}, {"SPO", 0, 1, 0.30},
}

var brandWords = []struct{ en, zh string }{
	{"Northlight", "北光"},
	{"Greenfield", "绿野"},
	{"Orchid", "兰芝"},
	{"Bluepeak", "蓝峰"},
	{"Riverstone", "川石"},
	{"Sunhome", "阳居"},
	{"Quickstep", "迅步"},
	{"Cloudly", "云朵"},
	{"Harvest", "禾丰"},
	{"Maple", "枫语"},
	{"Tigerline", "虎线"},
	{"Pearl", "明珠"},
	{"Evergood", "恒佳"},
	{"Whitecrane", "白鹤"},
	{"Redlantern", "红灯笼"},
	{"Moonbay", "月湾"},
	{"Ironwood", "铁木"},
	{"Softnest", "软巢"},
	{"Silverfox", "银狐"},
	{"Lotus", "荷塘"},
	{"Windmill", "风车"},
	{"Starling", "星雀"},
	{"Amberly", "琥珀"},
	{"Pinehill", "松岭"},
}

var adjectiveWords = []struct{ en, zh string }{
	{"classic", "经典"},
	{"premium", "高端"},
	{"everyday", "日常"},
	{"lightweight", "轻便"},
	{"compact", "小巧"},
	{"deluxe", "豪华"},
	{"essential", "基础"},
	{"modern", "现代"},
	{"natural", "天然"},
	{"smart", "智能"},
	{"cosy", "舒适"},
	{"bright", "亮彩"},
	{"durable", "耐用"},
	{"elegant", "雅致"},
	{"family", "家庭"},
	{"travel", "旅行"},
}

var colourWords = []struct{ en, zh string }{
	{"black", "黑色"}, {"white", "白色"}, {"navy", "藏青"}, {"red", "红色"}, {"green", "绿色"}, {"grey", "灰色"}, {"beige", "米色"}, {"pink", "粉色"},
}

var (
	givenFemale = []string{"Alice", "Emma", "Olivia", "Grace", "Hannah", "Sofia", "Nora", "Lucy", "Mary", "Julia"}
	givenMale   = []string{"James", "Oliver", "Lucas", "Henry", "Daniel", "Thomas", "Peter", "Felix", "Oscar", "Martin"}
	familyEN    = []string{"Smith", "Brown", "Taylor", "Wilson", "Fischer", "Weber", "Martin", "Bernard", "Clark", "Young", "Moreau", "Keller"}
	familyZH    = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "林", "何"}
	givenZHf    = []string{"芳", "秀英", "静怡", "丽娜", "雨桐", "欣怡", "梦琪", "晓燕"}
	givenZHm    = []string{"伟", "建国", "浩然", "子轩", "俊杰", "志强", "明", "宇航"}
)

// regionWord is a place of delivery. days is the distance in days of transport.
type regionWord struct {
	name     string
	chinese  bool
	currency string
	share    float64
	days     float64
}

var regionWords = []regionWord{
	{"Guangdong", true, "CNY", 0.20, 1.5},
	{"Shanghai", true, "CNY", 0.16, 1},
	{"Beijing", true, "CNY", 0.13, 1.5},
	{"Zhejiang", true, "CNY", 0.12, 1},
	{"Sichuan", true, "CNY", 0.10, 2.5},
	{"Hubei", true, "CNY", 0.07, 2},
	{"London", false, "GBP", 0.07, 6},
	{"Berlin", false, "EUR", 0.06, 6.5},
	{"Paris", false, "EUR", 0.05, 6.5},
	{"New York", false, "USD", 0.04, 8},
}

var rates = []Rate{{"CNY", 100}, {"GBP", 910}, {"EUR", 780}, {"USD", 720}}

var channelWords = []struct {
	name  string
	share float64
}{
	{"search", 0.32}, {"social", 0.24}, {"direct", 0.20}, {"referral", 0.12}, {"store", 0.12},
}

var deviceWords = []struct {
	name  string
	share float64
}{
	{"web", 0.35}, {"app", 0.45}, {"store", 0.12}, {"partner", 0.08},
}

// segmentWord is the plan of a segment. Gain and loss are the answers to a
// campaign.
type segmentWord struct {
	name           string
	share          float64
	age, ageSD     float64
	female         float64
	basket         float64
	gain, loss     float64
	preferredCodes []string
}

var segmentWords = []segmentWord{
	{"young fashion", 0.22, 24, 4, 0.72, 2.4, 0.48, 0, []string{"WOM", "SHO", "BEA", "BAG"}},
	{"tech fans", 0.18, 30, 7, 0.25, 1.8, 0.08, 0, []string{"PHO", "COM", "AUD", "MEN"}},
	{"young parents", 0.18, 33, 5, 0.60, 3.0, 0.25, 0, []string{"BAB", "TOY", "BOO", "FOO"}},
	{"homemakers", 0.18, 44, 9, 0.66, 2.8, 0.36, 0, []string{"KIT", "BED", "FUR", "PET"}},
	{"outdoor people", 0.12, 38, 10, 0.42, 2.0, 0.10, 0.10, []string{"SPO", "GAR", "SHO", "DRI"}},
	{"elderly", 0.12, 66, 7, 0.55, 2.2, 0, 0.60, []string{"HEA", "FOO", "DRI", "GAR"}},
}

var carrierWords = []CarrierTruth{
	{"SwiftPost", 0.95, 0.008, 0.001}, {"YunDa", 0.90, 0.015, 0.003}, {"BudgetShip", 0.78, 0.035, 0.008},
}

var supplierWords = []string{"Huaxin Trading", "Delta Supply", "Orient Works", "Baltic Goods", "Jade Factory"}

var (
	praiseEN = []string{"Great quality, very happy.", "Works perfectly, would buy again.", "Lovely, exactly as described.", "Fast and well packed, excellent."}
	praiseZH = []string{"质量很好，非常满意。", "很好用，会再次购买。", "和描述一样，很喜欢。", "物流快，包装好，好评。"}
	middleEN = []string{"It is okay for the price.", "Average, nothing special.", "Does the job."}
	middleZH = []string{"还可以，一般般。", "对得起这个价格。", "中规中矩。"}
	blameEN  = []string{"Poor quality, broke after a week.", "Disappointed, not as described.", "Terrible, I want a refund."}
	blameZH  = []string{"质量太差，用了一周就坏了。", "很失望，和描述不符。", "太糟糕了，要求退款。"}
)
